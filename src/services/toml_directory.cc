#include "services/toml_directory.h"

#include "hotline/core/bytes.h"
#include "services/all_entries.h"
#include "services/file_user.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr std::string_view kTomlSuffix = ".toml";

std::string toml_file_name(std::string_view name) {
  return std::string(name) + std::string(kTomlSuffix);
}

}  // namespace

/// Other files, such as those that an editor makes for a time, describe nothing.
Result<std::vector<std::string>> TomlDirectory::names() const {
  auto entries = all_entries(directory_, {.detail = EntriesOptions::Detail::names});
  if (!entries) return fail(std::move(entries.error()));
  std::vector<std::string> names;
  for (DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(kTomlSuffix)) continue;
    entry.name.resize(entry.name.size() - kTomlSuffix.size());
    if (is_file_user_name(entry.name)) names.push_back(std::move(entry.name));
  }
  return names;
}

Result<std::string> TomlDirectory::read(std::string_view name) const {
  auto file = directory_.open_file(toml_file_name(name));
  if (!file) return fail(std::move(file.error()));
  std::string text(kFileBytesMax + 1, '\0');
  const auto size = file->read_at(0, as_writable_bytes(text));
  if (!size) return fail(size.error());
  if (*size > kFileBytesMax) {
    return fail(make_error(ErrorKind::too_large, "read the file", toml_file_name(name),
                           "it has over " + std::to_string(kFileBytesMax) + " bytes"));
  }
  text.resize(*size);
  return text;
}

Result<void> TomlDirectory::write(std::string_view name, std::string_view text) const {
  if (!is_file_user_name(name)) {
    return fail(make_error(ErrorKind::invalid_argument, "save the file of", std::string(name),
                           "it is not a name of a user or share",
                           "use 1 to 32 of a-z, 0-9, '_', '.' and '-', and no '.' first"));
  }
  // Its name ends otherwise, so that it is not read half written.
  const std::string partial = "." + std::string(name) + ".partial";
  discard(directory_.remove_file(partial));
  auto file = directory_.create(partial, file_mode(false));
  if (!file) return fail(std::move(file.error()));
  auto done = file->set_mode(file_mode(false));
  if (done) done = file->write_at(0, as_bytes(text));
  if (done) done = file->sync();
  if (done) {
    done =
        directory_.rename(partial, directory_, toml_file_name(name), Directory::Existing::replace);
  }
  if (done) done = directory_.sync();
  return done;
}

Result<void> TomlDirectory::remove(std::string_view name) const {
  if (auto removed = directory_.remove_file(toml_file_name(name)); !removed) return removed;
  return directory_.sync();
}

bool is_about(const Error& fault, std::string_view name) {
  const std::string file = toml_file_name(name);
  return fault.endpoint == name || fault.endpoint == file || fault.endpoint.ends_with('/' + file);
}

}  // namespace hotline::services
