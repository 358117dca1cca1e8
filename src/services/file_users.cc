#include "services/file_users.h"

#include <algorithm>
#include <utility>

#include "hotline/core/bytes.h"
#include "services/all_entries.h"
#include "services/file_version.h"

namespace hotline::services {
namespace {

constexpr std::string_view kUserSuffix = ".toml";

std::string user_file_name(std::string_view user) {
  return std::string(user) + std::string(kUserSuffix);
}

/// Returns the names of users that have a file. Other files, such as those that an editor makes
/// for a time, are none.
Result<std::vector<std::string>> user_names_in(const Directory& directory) {
  auto entries = all_entries(directory, {.detail = EntriesOptions::Detail::names});
  if (!entries) return fail(std::move(entries.error()));
  std::vector<std::string> names;
  for (DirectoryEntry& entry : *entries) {
    if (!entry.name.ends_with(kUserSuffix)) continue;
    entry.name.resize(entry.name.size() - kUserSuffix.size());
    if (is_file_user_name(entry.name)) names.push_back(std::move(entry.name));
  }
  return names;
}

}  // namespace

FileUsers::FileUsers(Directory directory) : directory_(std::move(directory)) {}

std::vector<Error> FileUsers::reload() {
  const auto names = user_names_in(directory_);
  if (!names) return {names.error()};
  std::vector<Error> faults;
  for (const std::string& name : *names) {
    const auto text = read(user_file_name(name));
    auto user = text ? parse_file_user(name, *text) : Result<FileUser>(fail(text.error()));
    if (user) {
      users_.insert_or_assign(name, std::move(*user));
    } else {
      faults.push_back(std::move(user.error()));
    }
  }
  std::erase_if(users_, [&](const auto& each) {
    return std::ranges::find(*names, each.first) == names->end();
  });
  return faults;
}

Result<std::string> FileUsers::read(const std::string& file_name) const {
  auto file = directory_.open_file(file_name);
  if (!file) return fail(std::move(file.error()));
  std::string text(kFileBytesMax + 1, '\0');
  const auto size = file->read_at(0, as_writable_bytes(text));
  if (!size) return fail(size.error());
  if (*size > kFileBytesMax) {
    return fail(make_error(ErrorKind::too_large, "read the user", file_name,
                           "it has over " + std::to_string(kFileBytesMax) + " bytes"));
  }
  text.resize(*size);
  return text;
}

const FileUser* FileUsers::find(std::string_view name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : &found->second;
}

const FileUser* FileUsers::find_uid(std::uint32_t uid) const {
  const auto found =
      std::ranges::find_if(users_, [uid](const auto& each) { return each.second.uid == uid; });
  return found == users_.end() ? nullptr : &found->second;
}

Result<void> FileUsers::save(const FileUser& user) {
  if (!is_file_user_name(user.name)) {
    return fail(make_error(ErrorKind::invalid_argument, "save the user", user.name,
                           "it is not the name of a user",
                           "use 1 to 32 of a-z, 0-9, '_', '.' and '-', and no '.' first"));
  }
  // The name ends otherwise than that of a user, so that it is not read half written.
  const std::string partial = "." + user.name + ".partial";
  discard(directory_.remove_file(partial));
  auto file = directory_.create(partial, file_mode(false));
  if (!file) return fail(std::move(file.error()));
  auto done = file->set_mode(file_mode(false));
  if (done) done = file->write_at(0, as_bytes(format_file_user(user)));
  if (done) done = file->sync();
  if (done) {
    done = directory_.rename(partial, directory_, user_file_name(user.name),
                             Directory::Existing::replace);
  }
  if (done) done = directory_.sync();
  if (done) users_.insert_or_assign(user.name, user);
  return done;
}

Result<void> FileUsers::remove(std::string_view name) {
  if (auto removed = directory_.remove_file(user_file_name(name)); !removed) return removed;
  users_.erase(std::string(name));
  return directory_.sync();
}

bool is_about(const Error& fault, std::string_view user) {
  const std::string file = user_file_name(user);
  return fault.endpoint == user || fault.endpoint == file || fault.endpoint.ends_with('/' + file);
}

}  // namespace hotline::services
