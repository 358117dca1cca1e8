#include "hotline/services/file_user_list.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "hotline/core/ascii.h"
#include "hotline/engine/directory.h"
#include "services/file_store.h"
#include "services/file_users.h"
#include "services/file_version.h"

namespace hotline {
namespace {

using services::FileUser;

constexpr std::string_view kUsersDirectory = "users";

std::optional<std::uint64_t> limit_of(std::uint64_t limit) {
  return limit == kNoQuota ? std::nullopt : std::optional(limit);
}

FileUserList::User text_of(const FileUser& user) {
  return {.name = user.name,
          .quota = services::format_file_bytes(user.limits.bytes),
          .entries = user.limits.entries == kNoQuota ? "none" : std::to_string(user.limits.entries),
          .rights = services::format_file_rights(user.rights),
          .bytes_max = limit_of(user.limits.bytes),
          .entries_max = limit_of(user.limits.entries),
          .uid = user.uid,
          .is_disabled = user.is_disabled};
}

std::unexpected<Error> refuse_value(std::string_view what, const std::string& value,
                                    std::string_view form) {
  return fail(make_error(ErrorKind::invalid_argument, "set a user", {},
                         "'" + value + "' is not a value of " + std::string(what),
                         "write " + std::string(form)));
}

std::unexpected<Error> refuse_user(ErrorKind kind, std::string detail, std::string advice) {
  return fail(make_error(kind, "use the user", {}, std::move(detail), std::move(advice)));
}

/// Returns a number of entries, which TOML can have: digits, or `none`.
std::optional<std::uint64_t> parse_entries(const std::string& text) {
  if (text == "none") return kNoQuota;
  if (!std::ranges::all_of(text, is_ascii_digit)) return std::nullopt;
  const auto entries = services::parse_file_bytes(text);
  return entries && *entries <= std::numeric_limits<std::int64_t>::max() ? entries : std::nullopt;
}

Result<void> apply(const FileUserList::Change& change, FileUser& user) {
  if (change.quota) {
    const auto bytes = services::parse_file_bytes(*change.quota);
    if (!bytes) return refuse_value("a quota", *change.quota, "10GiB, a number of bytes, or none");
    user.limits.bytes = *bytes;
  }
  if (change.entries) {
    const auto entries = parse_entries(*change.entries);
    if (!entries) return refuse_value("entries", *change.entries, "a number, or none");
    user.limits.entries = *entries;
  }
  if (change.rights) {
    const auto rights = services::parse_file_rights(*change.rights);
    if (!rights) return refuse_value("rights", *change.rights, "letters of rwod, each once");
    user.rights = *rights;
  }
  if (change.uid) user.uid = change.uid;
  user.is_disabled = change.is_disabled.value_or(user.is_disabled);
  return {};
}

}  // namespace

struct FileUserList::State {
  services::FileUsers users;
  std::vector<Error> faults{};

  Result<FileUser> find(std::string_view name) const {
    const FileUser* const user = users.find(name);
    if (user != nullptr) return *user;
    return fail(make_error(ErrorKind::not_found, "find the user", std::string(name),
                           "there is no such user", "'hotline files user list' shows the users"));
  }

  /// A caller at unix: has one home.
  Result<void> check_uid(const FileUser& user) const {
    for (const auto& [name, other] : users.all()) {
      if (!user.uid || name == user.name || other.uid != user.uid) continue;
      return refuse_user(ErrorKind::system,
                         "the user '" + name + "' has the uid " + std::to_string(*user.uid),
                         "take another uid, or remove that user first");
    }
    return {};
  }

  Result<User> save(FileUser user, const Change& change) {
    if (auto applied = apply(change, user); !applied) return fail(std::move(applied.error()));
    if (auto checked = check_uid(user); change.uid && !checked) return fail(checked.error());
    if (auto saved = users.save(user); !saved) return fail(std::move(saved.error()));
    return text_of(user);
  }
};

Result<FileUserList> FileUserList::open(const std::string& root) {
  const auto directory = Directory::open(root);
  if (!directory) return fail(directory.error());
  const auto made = directory->make_directory(kUsersDirectory, services::kDirectoryMode);
  if (!made && made.error().native_code != EEXIST) return fail(made.error());
  auto users = directory->open_beneath(kUsersDirectory);
  if (!users) return fail(std::move(users.error()));
  auto state = std::make_unique<State>(State{services::FileUsers(*std::move(users))});
  state->faults = state->users.reload();
  return FileUserList(std::move(state));
}

FileUserList::FileUserList(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileUserList::FileUserList(FileUserList&&) noexcept = default;
FileUserList& FileUserList::operator=(FileUserList&&) noexcept = default;
FileUserList::~FileUserList() = default;

std::vector<FileUserList::User> FileUserList::users() const {
  std::vector<User> users;
  for (const auto& [name, user] : state_->users.all()) users.push_back(text_of(user));
  return users;
}

const std::vector<Error>& FileUserList::faults() const { return state_->faults; }

Result<FileUserList::User> FileUserList::add(std::string_view name, const Change& change) {
  if (!services::is_file_user_name(name)) {
    return refuse_user(ErrorKind::invalid_argument,
                       "'" + escape(as_bytes(name)) + "' is not a name of a user",
                       "use 1 to 32 of a-z, 0-9, '_', '.' and '-', and no dot first");
  }
  if (state_->users.find(name) != nullptr) {
    return refuse_user(ErrorKind::system, "there is a user '" + std::string(name) + "'",
                       "'hotline files user set' changes a user");
  }
  for (const Error& each : state_->faults) {
    if (services::is_about(each, name)) return fail(each);
  }
  return state_->save(FileUser{.name = std::string(name)}, change);
}

Result<FileUserList::User> FileUserList::set(std::string_view name, const Change& change) {
  auto user = state_->find(name);
  if (!user) return fail(std::move(user.error()));
  return state_->save(*std::move(user), change);
}

Result<FileUserList::User> FileUserList::remove(std::string_view name) {
  const auto user = state_->find(name);
  if (!user) return fail(user.error());
  if (auto removed = state_->users.remove(name); !removed) return fail(std::move(removed.error()));
  return text_of(*user);
}

Result<FileUserList::Usage> FileUserList::recount(const std::string& root, std::string_view name) {
  std::vector<Error> faults;
  auto store = services::FileStore::open(root, {}, faults);
  if (!store) return fail(std::move(store.error()));
  const auto list = open(root);
  if (!list) return fail(list.error());
  const auto user = list->state_->find(name);
  if (!user) return fail(user.error());
  if (user->is_disabled) {
    return refuse_user(ErrorKind::permission_denied, "the user '" + user->name + "' is disabled",
                       "'hotline files user enable' ends that");
  }
  const auto counted = (*store)->recount(name);
  if (!counted) return fail(counted.error().to_error("count the files of", std::string(name)));
  if (auto closed = (*store)->close(); !closed) return fail(std::move(closed.error()));
  return Usage{counted->bytes, counted->entries};
}

}  // namespace hotline
