#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "cli/option_row.h"
#include "cli/terminal_text.h"
#include "hotline/core/choice.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns `word` between quotes, escaped.
std::string quote(std::string_view word);

/// Returns `error` as an error about the value of `option`.
std::unexpected<Error> refuse_value(const std::string& option, const Error& error);

/// Returns the names of `choices`, for OptionRow::choices.
std::vector<std::string> names_of(std::span<const Choice> choices);

/// Reads the value of `option` into `duration`, if the option was given.
Result<void> read_duration(const Arguments& given, const std::string& option, Duration& duration);

/// Same as above for a time limit, which must not be 0.
Result<void> read_limit(const Arguments& given, const std::string& option, Duration& duration);

/// Same as above for a time for which something is to go on: `none` is kNoTimeout, 0 is refused.
Result<void> read_period(const Arguments& given, const std::string& option,
                         std::optional<Duration>& time);

/// Reads the value of `option`, a number from 1 to `max`, into `count`, if the option was given.
Result<void> read_count(const Arguments& given, const std::string& option,
                        std::optional<std::size_t>& count, std::size_t max = SIZE_MAX);

/// Reads the value of `option`, a number of bytes from 1 up, which `KiB`, `MiB` or `GiB` may
/// follow, into `bytes`, if the option was given.
Result<void> read_bytes(const Arguments& given, const std::string& option,
                        std::optional<std::uint64_t>& bytes);

/// `--raw`, of every command that prints replies.
OptionRow raw_row();
Controls read_controls(const Arguments& given);

/// `--json` of every command that prints replies.
OptionRow reply_json_row();

}  // namespace hotline::cli
