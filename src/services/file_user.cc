#include "services/file_user.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <utility>

#include "services/toml_entry.h"

namespace hotline::services {
namespace {

constexpr std::size_t kUserNameMax = 32;

struct UnitRow {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr UnitRow kUnitRows[] = {{"TiB", std::uint64_t{1} << 40},
                                 {"GiB", std::uint64_t{1} << 30},
                                 {"MiB", std::uint64_t{1} << 20},
                                 {"KiB", std::uint64_t{1} << 10}};

struct RightRow {
  char letter;
  bool FileRights::*right;
};

constexpr RightRow kRightRows[] = {{'r', &FileRights::can_read},
                                   {'w', &FileRights::can_write},
                                   {'o', &FileRights::can_overwrite},
                                   {'d', &FileRights::can_remove}};

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> number_of(const TomlEntry& entry) {
  if (!entry.number()) return std::nullopt;
  return static_cast<std::uint64_t>(*entry.number());
}

bool take_quota(FileUser& user, const TomlEntry& entry) {
  const auto bytes = entry.text() ? parse_file_bytes(*entry.text()) : number_of(entry);
  if (bytes) user.limits.bytes = *bytes;
  return bytes.has_value();
}

bool take_entries(FileUser& user, const TomlEntry& entry) {
  const auto entries = number_of(entry);
  if (entries) user.limits.entries = *entries;
  return entries.has_value();
}

bool take_rights(FileUser& user, const TomlEntry& entry) {
  const auto rights = entry.text() ? parse_file_rights(*entry.text()) : std::nullopt;
  if (rights) user.rights = *rights;
  return rights.has_value();
}

bool take_uid(FileUser& user, const TomlEntry& entry) {
  const auto uid = number_of(entry);
  // The last one stands for no user.
  if (!uid || *uid >= std::numeric_limits<std::uint32_t>::max()) return false;
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
    {"quota", take_quota, "quota = \"10GiB\", or a number of bytes"},
    {"entries", take_entries, "entries = 1_000_000"},
    {"rights", take_rights, "rights = \"rwod\": read, write, overwrite, delete"},
    {"uid", take_uid, "uid = 1000"},
    {"disabled", take_disabled, "disabled = true"},
};

Result<void> take_entry(FileUser& user, const TomlEntry& entry) {
  const auto* row = std::ranges::find(kKeyRows, entry.key, &KeyRow::key);
  if (entry.table || row == std::end(kKeyRows)) {
    return fail(toml_error(entry.line, "there is no such key",
                           "the keys are quota, entries, rights, uid and disabled"));
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
  std::string text;
  if (user.limits.bytes != kNoQuota) {
    text += "quota = \"" + format_file_bytes(user.limits.bytes) + "\"\n";
  }
  if (user.limits.entries != kNoQuota) {
    text += "entries = " + std::to_string(user.limits.entries) + "\n";
  }
  text += "rights = \"" + format_file_rights(user.rights) + "\"\n";
  if (user.uid) text += "uid = " + std::to_string(*user.uid) + "\n";
  if (user.is_disabled) text += "disabled = true\n";
  return text;
}

std::optional<std::uint64_t> parse_file_bytes(std::string_view text) {
  if (text == "none") return kNoQuota;
  std::uint64_t factor = 1;
  for (const UnitRow& row : kUnitRows) {
    if (!text.ends_with(row.name)) continue;
    factor = row.bytes;
    text.remove_suffix(row.name.size());
    break;
  }
  const auto number = parse_digits(text);
  // kNoQuota itself is written `none`.
  if (!number || *number > (kNoQuota - 1) / factor) return std::nullopt;
  return *number * factor;
}

std::string format_file_bytes(std::uint64_t bytes) {
  if (bytes == kNoQuota) return "none";
  for (const UnitRow& row : kUnitRows) {
    if (bytes != 0 && bytes % row.bytes == 0) {
      return std::to_string(bytes / row.bytes) + std::string(row.name);
    }
  }
  return std::to_string(bytes);
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
