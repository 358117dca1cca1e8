#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hotline/core/result.h"

// The lines of the files that operators write, as TOML. No I/O.

namespace hotline::services {

/// A key of a TOML file, and its value.
struct TomlEntry {
  std::optional<std::string> table{};  ///< The name of the table that has it; nullopt: none has.
  std::string key{};
  std::variant<std::monostate, bool, std::int64_t, std::string> value{};  ///< First: another kind.
  std::size_t line = 0;
  bool is_empty_table = false;

  /// Returns null if the value is not text.
  const std::string* text() const { return std::get_if<std::string>(&value); }

  /// Returns null if the value is not true or false.
  const bool* truth() const { return std::get_if<bool>(&value); }

  /// Returns null if the value is not an integer, or a negative one.
  const std::int64_t* number() const {
    const auto* number = std::get_if<std::int64_t>(&value);
    return number == nullptr || *number < 0 ? nullptr : number;
  }
};

/// Returns the entries of `text` in the order of their lines; an empty table is an entry
/// without a key. A number with an exponent is a value of another kind. Fails with
/// `invalid_argument`, which names the line, if `text` is not TOML, does not end with a newline, or
/// has a line that fault_of_toml_line() refuses; the error has no operation and no endpoint.
Result<std::vector<TomlEntry>> parse_toml(std::string_view text);

/// Returns the error about a line of a file.
Error toml_error(std::size_t line, std::string detail, std::string advice);

}  // namespace hotline::services
