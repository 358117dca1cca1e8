#include "services/file_limits.h"

#include <charconv>
#include <limits>

namespace hotline::services {
namespace {

struct UnitRow {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr UnitRow kUnitRows[] = {{"TiB", std::uint64_t{1} << 40},
                                 {"GiB", std::uint64_t{1} << 30},
                                 {"MiB", std::uint64_t{1} << 20},
                                 {"KiB", std::uint64_t{1} << 10}};

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

/// Returns a number of entries, which TOML can have: digits, or `none`.
std::optional<std::uint64_t> parse_entries(const std::string& text) {
  if (text == "none") return kNoQuota;
  const auto entries = parse_digits(text);
  return entries && *entries <= std::numeric_limits<std::int64_t>::max() ? entries : std::nullopt;
}

}  // namespace

Result<void> change_file_limits(FileUsage& limits, const std::optional<std::string>& quota,
                                const std::optional<std::string>& entries) {
  const auto bytes = quota ? parse_file_bytes(*quota) : std::optional(limits.bytes);
  if (!bytes) return refuse_file_value("a quota", *quota, "10GiB, a number of bytes, or none");
  const auto count = entries ? parse_entries(*entries) : std::optional(limits.entries);
  if (!count) return refuse_file_value("entries", *entries, "a number, or none");
  limits = {*bytes, *count};
  return {};
}

std::unexpected<Error> refuse_file_value(std::string_view what, const std::string& value,
                                         std::string_view form) {
  return fail(make_error(ErrorKind::invalid_argument, "set a value", {},
                         "'" + value + "' is not a value of " + std::string(what),
                         "write " + std::string(form)));
}

std::string format_file_entries(std::uint64_t entries) {
  return entries == kNoQuota ? "none" : std::to_string(entries);
}

bool take_quota(FileUsage& limits, const TomlEntry& entry) {
  const auto bytes = entry.text() ? parse_file_bytes(*entry.text()) : number_of(entry);
  if (bytes) limits.bytes = *bytes;
  return bytes.has_value();
}

bool take_entries(FileUsage& limits, const TomlEntry& entry) {
  const auto entries = number_of(entry);
  if (entries) limits.entries = *entries;
  return entries.has_value();
}

std::string format_file_limits(const FileUsage& limits) {
  std::string text;
  if (limits.bytes != kNoQuota) text += "quota = \"" + format_file_bytes(limits.bytes) + "\"\n";
  if (limits.entries != kNoQuota) text += "entries = " + std::to_string(limits.entries) + "\n";
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

}  // namespace hotline::services
