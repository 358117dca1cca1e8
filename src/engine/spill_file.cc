#include "hotline/engine/spill_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "hotline/engine/offload.h"

namespace hotline {
namespace {

Error spill_error(int native_code, std::string_view operation, std::string path = {}) {
  Error error = file_error(native_code, operation, std::move(path));
  if (native_code == ENOSPC || native_code == EDQUOT) error.kind = ErrorKind::resource_exhausted;
  if (native_code == EOPNOTSUPP || native_code == EISDIR) error.kind = ErrorKind::unsupported;
  return error;
}

Result<void> write_at(int fd, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const auto size = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(spill_error(errno, "write a temporary file"));
    offset += static_cast<std::uint64_t>(size);
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t wanted) {
  std::string text(wanted, '\0');
  std::size_t done = 0;
  while (done < wanted) {
    const auto size =
        ::pread(fd, text.data() + done, wanted - done, static_cast<off_t>(offset + done));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail(spill_error(errno, "read a temporary file"));
    if (size == 0) {
      return fail(make_error(ErrorKind::truncated, "read a temporary file", {},
                             "it has fewer bytes than were written"));
    }
    done += static_cast<std::size_t>(size);
  }
  return text;
}

/// Returns what the work returned, or why it did not run.
template <typename Value>
Result<Value> flattened(Result<Result<Value>> done) {
  if (!done) return fail(std::move(done.error()));
  return std::move(*done);
}

}  // namespace

Result<SpillFile> SpillFile::make(std::string directory) {
  if (directory.empty()) {
    const char* const from_environment = ::secure_getenv("TMPDIR");
    directory = from_environment == nullptr ? "/var/tmp" : from_environment;
  }
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600));
  if (!file) return fail(spill_error(errno, "make a temporary file in", std::move(directory)));
  return SpillFile(std::move(file));
}

Result<void> SpillFile::write(std::uint64_t offset, Bytes bytes) {
  return flattened<void>(offload([file = file_, offset, text = std::string(as_text(bytes))] {
    return write_at(file->get(), offset, as_bytes(text));
  }));
}

Result<std::string> SpillFile::read(std::uint64_t offset, std::size_t size) const {
  return flattened<std::string>(
      offload([file = file_, offset, size] { return read_at(file->get(), offset, size); }));
}

Result<void> SpillFile::discard_before(std::uint64_t offset) {
  return offload([file = file_, offset] {
    // It is a courtesy to the disk: a file system that cannot do it keeps the bytes.
    static_cast<void>(::fallocate(file->get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                                  static_cast<off_t>(offset)));
  });
}

}  // namespace hotline
