#include "services/file_user.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "services/toml_entry.h"

namespace hotline::services {
namespace {

constexpr std::size_t kUserNameMax = 32;

struct RightRow {
  char letter;
  bool FileRights::*right;
};

constexpr RightRow kRightRows[] = {{'r', &FileRights::can_read},
                                   {'w', &FileRights::can_write},
                                   {'o', &FileRights::can_overwrite},
                                   {'d', &FileRights::can_remove}};

bool take_quota_of(FileUser& user, const TomlEntry& entry) {
  return take_quota(user.limits, entry);
}

bool take_entries_of(FileUser& user, const TomlEntry& entry) {
  return take_entries(user.limits, entry);
}

bool take_rights(FileUser& user, const TomlEntry& entry) {
  const auto rights = entry.text() ? parse_file_rights(*entry.text()) : std::nullopt;
  if (rights) user.rights = *rights;
  return rights.has_value();
}

bool take_uid(FileUser& user, const TomlEntry& entry) {
  const std::int64_t* const uid = entry.number();
  // The last one stands for no user.
  if (uid == nullptr || *uid >= std::numeric_limits<std::uint32_t>::max()) return false;
  user.uid = static_cast<std::uint32_t>(*uid);
  return true;
}

bool take_disabled(FileUser& user, const TomlEntry& entry) {
  if (entry.truth()) user.is_disabled = *entry.truth();
  return entry.truth() != nullptr;
}

struct KeyRow {
  std::string_view key;
  bool (*take)(FileUser& user, const TomlEntry& entry);
  std::string_view form;
};

constexpr KeyRow kKeyRows[] = {
    {"quota", take_quota_of, kQuotaForm},
    {"entries", take_entries_of, kEntriesForm},
    {"rights", take_rights, "rights = \"rwod\": read, write, overwrite, delete"},
    {"uid", take_uid, "uid = 1000"},
    {"disabled", take_disabled, "disabled = true"},
};

Result<void> take_share(FileUser& user, const TomlEntry& entry) {
  if (entry.is_empty_table) return {};
  if (!is_file_user_name(entry.key)) {
    return fail(toml_error(entry.line, "it is not a name of a share",
                           "'hotline files share list' shows the shares"));
  }
  const auto rights = entry.text() ? parse_file_rights(*entry.text()) : std::nullopt;
  if (rights) user.shares.insert_or_assign(entry.key, *rights);
  if (rights) return {};
  return fail(toml_error(entry.line, "the value is invalid", "write " + entry.key + " = \"rw\""));
}

Result<void> take_entry(FileUser& user, const TomlEntry& entry) {
  if (entry.table == "shares") return take_share(user, entry);
  const auto* row = std::ranges::find(kKeyRows, entry.key, &KeyRow::key);
  if (entry.table || row == std::end(kKeyRows)) {
    return fail(
        toml_error(entry.line, "there is no such key",
                   "the keys are quota, entries, rights, uid and disabled; the table is [shares]"));
  }
  if (row->take(user, entry)) return {};
  return fail(toml_error(entry.line, "the value is invalid", "write " + std::string(row->form)));
}

std::unexpected<Error> refuse_file(std::string_view name, Error error) {
  error.operation = "read the user";
  error.endpoint = name;
  return fail(std::move(error));
}

}  // namespace

bool is_file_user_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !name.empty() && name.size() <= kUserNameMax && !name.starts_with('.') &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

Result<FileUser> parse_file_user(std::string_view name, std::string_view text) {
  FileUser user{.name = std::string(name)};
  const auto entries = parse_toml(text);
  if (!entries) return refuse_file(name, entries.error());
  for (const TomlEntry& entry : *entries) {
    if (auto taken = take_entry(user, entry); !taken) return refuse_file(name, taken.error());
  }
  return user;
}

std::string format_file_user(const FileUser& user) {
  std::string text = format_file_limits(user.limits);
  text += "rights = \"" + format_file_rights(user.rights) + "\"\n";
  if (user.uid) text += "uid = " + std::to_string(*user.uid) + "\n";
  if (user.is_disabled) text += "disabled = true\n";
  if (user.shares.empty()) return text;
  text += "\n[shares]\n";
  for (const auto& [share, rights] : user.shares) {
    // A dot would nest a table.
    const bool has_dot = share.contains('.');
    text += has_dot ? '"' + share + '"' : share;
    text += " = \"" + format_file_rights(rights) + "\"\n";
  }
  return text;
}

std::optional<FileRights> parse_file_rights(std::string_view text) {
  FileRights rights;
  for (const char letter : text) {
    const auto* row = std::ranges::find(kRightRows, letter, &RightRow::letter);
    if (row == std::end(kRightRows) || rights.*row->right) return std::nullopt;
    rights.*row->right = true;
  }
  return rights;
}

std::string format_file_rights(const FileRights& rights) {
  std::string text;
  for (const RightRow& row : kRightRows) {
    if (rights.*row.right) text += row.letter;
  }
  return text;
}

}  // namespace hotline::services
