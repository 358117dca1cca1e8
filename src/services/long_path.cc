#include "services/long_path.h"

#include <cstddef>
#include <utility>

namespace hotline::services {
namespace {

constexpr std::size_t kBytesAtOnce = 4'095;

}  // namespace

Result<Directory> open_long_path(const Directory& base, std::string_view path) {
  if (path.size() <= kBytesAtOnce) return base.open_beneath(path);
  std::size_t slash = path.rfind('/', kBytesAtOnce);
  // A component that is longer is none of any file system: the kernel says so.
  if (slash == std::string_view::npos) return base.open_beneath(path);
  auto directory = base.open_beneath(path.substr(0, slash));
  while (directory && slash != std::string_view::npos) {
    path.remove_prefix(slash + 1);
    slash = path.size() <= kBytesAtOnce ? std::string_view::npos : path.rfind('/', kBytesAtOnce);
    directory = directory->open_beneath(path.substr(0, slash));
  }
  return directory;
}

}  // namespace hotline::services
