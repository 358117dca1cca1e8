#include "hotline/services/file_user_list.h"

#include <utility>

#include "hotline/core/bytes.h"
#include "hotline/engine/directory.h"
#include "services/file_limits.h"
#include "services/file_share_terms.h"
#include "services/file_store.h"
#include "services/file_users.h"
#include "services/made_directory.h"

namespace hotline {
namespace {

using services::FileUser;

FileUserList::User text_of(const FileUser& user) {
  std::map<std::string, std::string> shares;
  for (const auto& [share, rights] : user.shares) {
    shares.emplace(share, services::format_file_rights(rights));
  }
  return {.name = user.name,
          .quota = services::format_file_bytes(user.limits.bytes),
          .entries = services::format_file_entries(user.limits.entries),
          .rights = services::format_file_rights(user.rights),
          .bytes_max = services::number_of_limit(user.limits.bytes),
          .entries_max = services::number_of_limit(user.limits.entries),
          .uid = user.uid,
          .is_disabled = user.is_disabled,
          .shares = std::move(shares)};
}

std::unexpected<Error> refuse_rights(const std::string& value) {
  return services::refuse_file_value("rights", value, "letters of rwod, each once");
}

std::unexpected<Error> refuse_user(ErrorKind kind, std::string detail, std::string advice) {
  return fail(make_error(kind, "use the user", {}, std::move(detail), std::move(advice)));
}

Result<void> apply(const FileUserList::Change& change, FileUser& user) {
  auto limited = services::change_file_limits(user.limits, change.quota, change.entries);
  if (!limited) return limited;
  if (change.rights) {
    const auto rights = services::parse_file_rights(*change.rights);
    if (!rights) return refuse_rights(*change.rights);
    user.rights = *rights;
  }
  for (const auto& [share, letters] : change.shares) {
    const auto rights = services::parse_file_rights(letters);
    if (!rights && letters != "none") return refuse_rights(letters);
    if (!rights && !user.shares.contains(share)) {
      return refuse_user(ErrorKind::not_found, "the user does not have the share '" + share + "'",
                         "'hotline files user list' shows the users");
    }
    user.shares.erase(share);
    if (rights) user.shares.emplace(share, *rights);
  }
  if (change.uid) user.uid = change.uid;
  user.is_disabled = change.is_disabled.value_or(user.is_disabled);
  return {};
}

}  // namespace

struct FileUserList::State {
  Directory root;
  services::FileUsers users;
  services::FileShareFiles shares;
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

  /// Nothing that the user has is to be hidden.
  Result<void> check_shares(const FileUser& user, const Change& change) const {
    for (const auto& [share, letters] : change.shares) {
      if (letters == "none") continue;
      if (shares.find(share) == nullptr) {
        return refuse_user(ErrorKind::not_found, "there is no share '" + share + "'",
                           "'hotline files share add' makes one");
      }
      const auto home = root.open_beneath("homes/" + user.name);
      if (!home || !home->status(share)) continue;
      return refuse_user(ErrorKind::system,
                         "the home of '" + user.name + "' has something named '" + share + "'",
                         "move it away first: the share would hide it");
    }
    return {};
  }

  Result<User> save(FileUser user, const Change& change) {
    if (auto good = check_shares(user, change); !good) return fail(std::move(good.error()));
    if (auto applied = apply(change, user); !applied) return fail(std::move(applied.error()));
    if (auto checked = check_uid(user); change.uid && !checked) return fail(checked.error());
    if (auto saved = users.save(user); !saved) return fail(std::move(saved.error()));
    return text_of(user);
  }
};

Result<FileUserList> FileUserList::open(const std::string& root) {
  auto directory = Directory::open(root);
  if (!directory) return fail(std::move(directory.error()));
  auto users = services::open_or_make(*directory, "users");
  auto shares = services::open_or_make(*directory, "shares");
  if (!users || !shares) return fail(users ? shares.error() : users.error());
  auto state =
      std::make_unique<State>(State{*std::move(directory), services::FileUsers(*std::move(users)),
                                    services::FileShareFiles(*std::move(shares))});
  state->faults = state->users.reload();
  for (Error& each : state->shares.reload()) state->faults.push_back(std::move(each));
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
