#include "services/made_directory.h"

#include <cerrno>
#include <utility>

#include "services/file_version.h"

namespace hotline::services {

Result<Directory> open_or_make(const Directory& parent, std::string_view name) {
  auto made = parent.make_directory(name, kDirectoryMode);
  if (!made && made.error().native_code != EEXIST) return fail(std::move(made.error()));
  return parent.open_beneath(name);
}

Result<Directory> open_or_make_durably(const Directory& parent, std::string_view name) {
  auto directory = open_or_make(parent, name);
  if (!directory) return directory;
  if (auto synced = parent.sync(); !synced) return fail(std::move(synced.error()));
  return directory;
}

Result<DiskFile> open_or_create(const Directory& parent, std::string_view name) {
  auto file = parent.open_for_writing(name);
  if (file || file.error().native_code != ENOENT) return file;
  return parent.create(name, file_mode(false));
}

}  // namespace hotline::services
