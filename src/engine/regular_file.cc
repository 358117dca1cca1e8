#include "engine/regular_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "engine/operations/system_result.h"
#include "hotline/core/unique_fd.h"

namespace hotline::engine {
namespace {

constexpr char kReadFile[] = "read";

std::unexpected<Error> refuse_file(const std::string& path, ErrorKind kind, std::string detail,
                                   std::string advice) {
  return fail(make_error(kind, kReadFile, shown_path(path), std::move(detail), std::move(advice)));
}

}  // namespace

std::string shown_path(const std::string& path) { return escape(as_bytes(path)); }

bool is_special_file(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode);
}

Result<std::size_t> read_regular_file(const std::string& path, MutableBytes room, FileCheck check) {
  // Opening a pipe without a writer would block.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return fail(file_error(errno, kReadFile, shown_path(path)));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail(file_error(errno, kReadFile, shown_path(path)));
  }
  if (!S_ISREG(status.st_mode)) {
    return refuse_file(path, ErrorKind::invalid_argument, "it is not a regular file",
                       "name a file, not a directory or a device");
  }
  if (check != nullptr) {
    if (auto checked = check(path, status); !checked) return fail(std::move(checked.error()));
  }
  std::size_t size = 0;
  while (size < room.size()) {
    const MutableBytes rest = room.subspan(size);
    const int read = system_result([&] { return ::read(file.get(), rest.data(), rest.size()); });
    if (read < 0) return fail(file_error(-read, kReadFile, shown_path(path)));
    if (read == 0) return size;
    size += static_cast<std::size_t>(read);
  }
  return refuse_file(path, ErrorKind::too_large,
                     "it has more than " + std::to_string(room.size() - 1) + " bytes",
                     "is it the right file?");
}

}  // namespace hotline::engine
