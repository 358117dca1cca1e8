#pragma once

#include <cstddef>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

// As in <cctype> for the locale C. Those functions use the locale of the process.

/// Returns true for 0 to 9.
constexpr bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }

/// Returns true for A to Z and a to z.
constexpr bool is_ascii_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/// Returns true for a digit or a letter.
constexpr bool is_ascii_alphanumeric(char c) { return is_ascii_digit(c) || is_ascii_letter(c); }

/// Returns `text` without the characters of `blanks` at its beginning and at its end.
constexpr std::string_view trim(std::string_view text, std::string_view blanks) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace hotline
