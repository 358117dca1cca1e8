#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "services/quota_account.h"
#include "services/toml_entry.h"

// The limits in the files that describe users and shares. No I/O.

namespace hotline::services {

// How a line of a limit is written.
inline constexpr std::string_view kQuotaForm = "quota = \"10GiB\", or a number of bytes";
inline constexpr std::string_view kEntriesForm = "entries = 1_000_000";

// Each sets a limit; false: the value of the entry is none.

bool take_quota(FileUsage& limits, const TomlEntry& entry);
bool take_entries(FileUsage& limits, const TomlEntry& entry);

/// Sets what is given, in the words of an operator. Fails with `invalid_argument`, and changes
/// nothing then.
Result<void> change_file_limits(FileUsage& limits, const std::optional<std::string>& quota,
                                const std::optional<std::string>& entries);

/// Returns the error about such a value.
std::unexpected<Error> refuse_file_value(std::string_view what, const std::string& value,
                                         std::string_view form);

/// Returns the limit as a number; nullopt if there is none.
inline std::optional<std::uint64_t> number_of_limit(std::uint64_t limit) {
  return limit == kNoQuota ? std::nullopt : std::optional(limit);
}

/// Returns the entries as an operator writes them: digits, or `none`.
std::string format_file_entries(std::uint64_t entries);

/// Returns the lines of those limits that there are.
std::string format_file_limits(const FileUsage& limits);

/// Returns a number of bytes, after which `KiB`, `MiB`, `GiB` or `TiB` may follow; `none` is
/// kNoQuota. nullopt for anything else.
std::optional<std::uint64_t> parse_file_bytes(std::string_view text);

/// Returns it in the largest unit that divides it: `10GiB`, `none`.
std::string format_file_bytes(std::uint64_t bytes);

}  // namespace hotline::services
