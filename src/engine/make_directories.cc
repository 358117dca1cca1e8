#include "hotline/engine/make_directories.h"

#include <sys/stat.h>

#include <cerrno>

#include "engine/regular_file.h"

namespace hotline {
namespace {

bool make_one(const std::string& path) {
  constexpr mode_t kOnlyOwner = 0700;
  return ::mkdir(path.c_str(), kOnlyOwner) == 0 || errno == EEXIST;
}

/// Returns false with errno.
bool make_all(const std::string& path) {
  for (std::size_t end = path.find('/', 1); end != path.npos; end = path.find('/', end + 1)) {
    if (!make_one(path.substr(0, end))) return false;
  }
  // The second exists only in a directory.
  return make_one(path) && make_one(path + "/.");
}

}  // namespace

Result<void> make_directories(const std::string& path) {
  if (make_all(path)) return {};
  if (errno == ENOTDIR) {
    return fail(make_error(ErrorKind::invalid_argument, "make the directory",
                           engine::shown_path(path), "it, or one above it, is not a directory",
                           "move the file away, or name another directory"));
  }
  return fail(file_error(errno, "make the directory", engine::shown_path(path)));
}

}  // namespace hotline
