#include "engine/open_file.h"

#include <cerrno>

#include "engine/engine.h"
#include "engine/file_kernel.h"
#include "engine/regular_file.h"

namespace hotline::engine {
namespace {

/// What the kind of the error does not say.
std::string_view detail_of(int native_code) {
  switch (native_code) {
    case ENOSPC: return "no space is left on the disk";
    case EDQUOT: return "the disk quota is used up";
    case ELOOP: return "a symbolic link is in the way";
    case EXDEV: return "it leads out of the directory, or to another file system";
    case EEXIST: return "it exists already";
    case EISDIR: return "it is a directory";
    case ENOTDIR: return "something in its path is not a directory";
    case ENAMETOOLONG: return "the name is too long";
    default: return {};
  }
}

}  // namespace

OpenFile::~OpenFile() {
  if (fd) Engine::current().file_kernel().close(std::move(fd));
}

Error disk_error(std::int64_t code, std::string_view operation, const std::string& path) {
  const int result = static_cast<int>(code);
  if (is_end_code(result)) return operation_error(result, operation, shown_path(path));
  Error error = file_error(-result, operation, shown_path(path));
  error.detail = detail_of(-result);
  if (result == -EDQUOT) error.kind = ErrorKind::resource_exhausted;
  return error;
}

}  // namespace hotline::engine
