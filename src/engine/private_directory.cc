#include "engine/private_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "engine/above_standard.h"
#include "hotline/engine/make_directories.h"

namespace hotline::engine {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;
constexpr char kRead[] = "read";
constexpr char kOpen[] = "open";
constexpr char kReplace[] = "replace";

std::unexpected<Error> failed(std::string_view operation, const std::string& path) {
  return fail(file_error(errno, operation, path));
}

std::unexpected<Error> refuse(std::string_view operation, const std::string& path,
                              std::string detail, std::string advice) {
  return fail(make_error(ErrorKind::permission_denied, operation, path, std::move(detail),
                         std::move(advice)));
}

/// Checks that nobody but this user has access to what `status` describes. `mode` is the mode that
/// the hint recommends.
Result<void> check_private(const struct stat& status, std::string_view operation,
                           const std::string& path, const char* mode) {
  if (status.st_uid != ::geteuid()) {
    return refuse(operation, path,
                  "it belongs to user " + std::to_string(status.st_uid) +
                      ", and this program runs as user " + std::to_string(::geteuid()),
                  "run this program as the owner of its keys");
  }
  if ((status.st_mode & kOthers) == 0) return {};
  char bits[8];
  std::snprintf(bits, sizeof bits, "%03o", status.st_mode & 0777U);
  return refuse(operation, path, std::string("other users have access to it: its mode is ") + bits,
                std::string("chmod ") + mode + " " + path);
}

/// Checks that an open file can hold secrets. Returns its size.
Result<std::size_t> check_file(int fd, const std::string& path, std::size_t bytes_max) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return failed(kRead, path);
  if (!S_ISREG(status.st_mode)) {
    return refuse(kRead, path, "it is not a plain file", "move it away");
  }
  if (auto checked = check_private(status, kRead, path, "600"); !checked) {
    return fail(std::move(checked.error()));
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size <= bytes_max) return size;
  return fail(make_error(ErrorKind::too_large, kRead, path,
                         "it has " + std::to_string(status.st_size) + " bytes, at most " +
                             std::to_string(bytes_max) + " are read",
                         "move it away"));
}

/// Reads until `into` is full or the file ends. Returns how many bytes, or -1 with errno.
ssize_t read_all(int fd, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t count = ::read(fd, into.data() + done, into.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -1;
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return static_cast<ssize_t>(done);
}

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool flush_to_disk(int fd) {
  int result = 0;
  do result = ::fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

/// Writes a new file, durably. Returns false with errno.
bool write_file(int directory, const std::string& name, Bytes content) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd fd(above_standard(::openat(directory, name.c_str(), kFlags, kFileMode)));
  // Whatever the umask is.
  return fd && ::fchmod(fd.get(), kFileMode) == 0 && write_all(fd.get(), content) &&
         flush_to_disk(fd.get());
}

}  // namespace

Result<PrivateDirectory> PrivateDirectory::open(const std::string& path) {
  UniqueFd fd(above_standard(::openat(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!fd && errno == ENOTDIR) {
    return fail(make_error(ErrorKind::invalid_argument, kOpen, path, "it is not a directory",
                           "move it away"));
  }
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return failed(kOpen, path);
  if (auto checked = check_private(status, kOpen, path, "700"); !checked) {
    return fail(std::move(checked.error()));
  }
  return PrivateDirectory(path, std::move(fd));
}

Result<PrivateDirectory> PrivateDirectory::make(const std::string& path) {
  if (auto made = make_directories(path); !made) return fail(std::move(made.error()));
  return open(path);
}

Result<void> PrivateDirectory::lock(std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause(5);
  constexpr timespec kPauseSpec{0, std::chrono::nanoseconds(kPause).count()};
  for (auto waited = std::chrono::milliseconds(0);; waited += kPause) {
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) return {};
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return failed("lock", path_);
    if (waited >= patience) break;
    ::nanosleep(&kPauseSpec, nullptr);
  }
  return fail(make_error(ErrorKind::timed_out, "lock", path_,
                         "another program is changing what is in it",
                         "wait for that program, or end it, and try again"));
}

Result<Secret> PrivateDirectory::read(const std::string& name, std::size_t bytes_max) const {
  const std::string path = path_of(name);
  // Without O_NONBLOCK, opening a FIFO would wait.
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const UniqueFd fd(above_standard(::openat(fd_.get(), name.c_str(), kFlags)));
  if (!fd && errno == ELOOP) {
    return refuse(kRead, path, "it is a symbolic link", "move the file itself there");
  }
  if (!fd) return failed(kRead, path);
  const auto size_now = check_file(fd.get(), path, bytes_max);
  if (!size_now) return fail(size_now.error());
  // As much as the largest file would be 2 MiB to fill and to wipe at each start of a program.
  Secret content(*size_now);
  const ssize_t size = read_all(fd.get(), content.fill());
  if (size < 0) return failed(kRead, path);
  return Secret(content.bytes().first(static_cast<std::size_t>(size)));
}

Result<void> PrivateDirectory::replace(const std::string& name, Bytes content) const {
  const std::string path = path_of(name);
  const std::string fresh = "." + name + ".new";
  // What a program that was killed has left.
  if (::unlinkat(fd_.get(), fresh.c_str(), 0) != 0 && errno != ENOENT) {
    return failed(kReplace, path);
  }
  if (!write_file(fd_.get(), fresh, content) ||
      ::renameat(fd_.get(), fresh.c_str(), fd_.get(), name.c_str()) != 0) {
    const auto failure = failed(kReplace, path);
    ::unlinkat(fd_.get(), fresh.c_str(), 0);
    return failure;
  }
  if (!flush_to_disk(fd_.get())) return failed(kReplace, path);
  return {};
}

}  // namespace hotline::engine
