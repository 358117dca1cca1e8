#include "services/file_user.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

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

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

/// Returns an integer as TOML writes it: `_` between digits, no zero before other digits.
std::optional<std::uint64_t> parse_toml_integer(std::string_view text) {
  if (text.starts_with('_') || text.ends_with('_') || text.contains("__")) return std::nullopt;
  if (text.size() > 1 && text.starts_with('0')) return std::nullopt;
  std::string digits(text);
  std::erase(digits, '_');
  return parse_digits(digits);
}

/// Returns what is between the quotes; nullopt if it is not a string, or one with escapes.
std::optional<std::string_view> parse_toml_string(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return std::nullopt;
  text = text.substr(1, text.size() - 2);
  if (text.find_first_of("\"\\") != std::string_view::npos) return std::nullopt;
  return text;
}

/// Removes the comment. No key or value that is accepted has a `#`.
std::string_view without_comment(std::string_view line) { return line.substr(0, line.find('#')); }

bool take_quota(FileUser& user, std::string_view value) {
  const auto text = parse_toml_string(value);
  const auto bytes = text ? parse_file_bytes(*text) : parse_toml_integer(value);
  if (bytes) user.limits.bytes = *bytes;
  return bytes.has_value();
}

bool take_entries(FileUser& user, std::string_view value) {
  const auto entries = parse_toml_integer(value);
  if (entries) user.limits.entries = *entries;
  return entries.has_value();
}

bool take_rights(FileUser& user, std::string_view value) {
  const auto rights = parse_file_rights(parse_toml_string(value).value_or("?"));
  if (rights) user.rights = *rights;
  return rights.has_value();
}

bool take_uid(FileUser& user, std::string_view value) {
  const auto uid = parse_toml_integer(value);
  // The last one stands for no user.
  if (!uid || *uid >= std::numeric_limits<std::uint32_t>::max()) return false;
  user.uid = static_cast<std::uint32_t>(*uid);
  return true;
}

bool take_disabled(FileUser& user, std::string_view value) {
  user.is_disabled = value == "true";
  return value == "true" || value == "false";
}

struct KeyRow {
  std::string_view key;
  bool (*take)(FileUser& user, std::string_view value);
  std::string_view form;
};

constexpr KeyRow kKeyRows[] = {
    {"quota", take_quota, "quota = \"10GiB\", or a number of bytes"},
    {"entries", take_entries, "entries = 1_000_000"},
    {"rights", take_rights, "rights = \"rwod\": read, write, overwrite, delete"},
    {"uid", take_uid, "uid = 1000"},
    {"disabled", take_disabled, "disabled = true"},
};

std::unexpected<Error> refuse_line(std::string_view name, std::size_t number, std::string detail,
                                   std::string advice) {
  return fail(make_error(ErrorKind::invalid_argument, "read the user", std::string(name),
                         "line " + std::to_string(number) + ": " + std::move(detail),
                         std::move(advice)));
}

const KeyRow* row_of_key(std::string_view key) {
  const auto* row = std::ranges::find(kKeyRows, key, &KeyRow::key);
  return row == std::end(kKeyRows) ? nullptr : row;
}

Result<const KeyRow*> take_line(FileUser& user, std::size_t number, std::string_view line) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) {
    return refuse_line(user.name, number, "it is not `key = value`", {});
  }
  const KeyRow* row = row_of_key(trimmed(line.substr(0, equals)));
  if (row == nullptr) {
    return refuse_line(user.name, number, "there is no such key",
                       "the keys are quota, entries, rights, uid and disabled");
  }
  if (!row->take(user, trimmed(line.substr(equals + 1)))) {
    return refuse_line(user.name, number, "the value is invalid",
                       "write " + std::string(row->form));
  }
  return row;
}

}  // namespace

bool is_file_user_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !name.empty() && name.size() <= kUserNameMax && !name.starts_with('.') &&
         name.find_first_not_of(kLetters) == std::string_view::npos;
}

Result<FileUser> parse_file_user(std::string_view name, std::string_view text) {
  FileUser user{.name = std::string(name)};
  std::vector<const KeyRow*> seen;
  // Without the end of its last line a file may be half written.
  if (!text.empty() && !text.ends_with('\n')) {
    return refuse_line(name, 1 + static_cast<std::size_t>(std::ranges::count(text, '\n')),
                       "the line does not end", "end the file with a newline");
  }
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trimmed(without_comment(line));
    if (line.empty()) continue;
    auto row = take_line(user, number, line);
    if (!row) return fail(std::move(row.error()));
    if (std::ranges::find(seen, *row) != seen.end()) {
      return refuse_line(name, number, "the key is there twice", {});
    }
    seen.push_back(*row);
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
