#include "hotline/engine/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/operations/system_result.h"
#include "hotline/core/bytes.h"
#include "hotline/core/unique_fd.h"

namespace hotline {
namespace {

constexpr char kReadSecret[] = "read";
constexpr mode_t kBitsOfOthers = 0077;
constexpr uid_t kRootUser = 0;

/// The path as errors show it.
std::string shown_path(const std::string& path) { return escape(as_bytes(path)); }

std::unexpected<Error> refuse_file(const std::string& path, ErrorKind kind, std::string detail,
                                   std::string advice) {
  return fail(
      make_error(kind, kReadSecret, shown_path(path), std::move(detail), std::move(advice)));
}

Result<void> check_private(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) {
    return refuse_file(path, ErrorKind::invalid_argument, "it is not a regular file",
                       "name a file that holds the secret");
  }
  if ((status.st_mode & kBitsOfOthers) != 0) {
    return refuse_file(path, ErrorKind::permission_denied,
                       "other users may read or change it, and it holds a secret",
                       "run 'chmod 600 " + shown_path(path) + "'");
  }
  if (status.st_uid != ::geteuid() && status.st_uid != kRootUser) {
    return refuse_file(path, ErrorKind::permission_denied, "it belongs to another user",
                       "use a file of your own");
  }
  return {};
}

}  // namespace

Result<Secret> read_private_file(const std::string& path, std::size_t bytes_max) {
  // Opening a pipe without a writer would block.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return fail(system_error(errno, kReadSecret, shown_path(path)));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    return fail(system_error(errno, kReadSecret, shown_path(path)));
  if (auto checked = check_private(path, status); !checked) {
    return fail(std::move(checked.error()));
  }
  // One more byte than allowed shows that the file is too long.
  Secret bytes(bytes_max + 1);
  std::size_t size = 0;
  while (size < bytes.size()) {
    const MutableBytes rest = bytes.fill().subspan(size);
    const int read =
        engine::system_result([&] { return ::read(file.get(), rest.data(), rest.size()); });
    if (read < 0) return fail(system_error(-read, kReadSecret, shown_path(path)));
    if (read == 0) return Secret(bytes.bytes().first(size));
    size += static_cast<std::size_t>(read);
  }
  return refuse_file(path, ErrorKind::too_large,
                     "it has more than " + std::to_string(bytes_max) + " bytes",
                     "is it the right file?");
}

}  // namespace hotline
