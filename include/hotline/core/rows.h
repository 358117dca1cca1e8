#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"

// A closed set is a table: a row for each enumerator, with a member `choice`.

namespace hotline HOTLINE_PUBLIC {

/// Returns true if the index of each row is the number of its enumerator, `kind`.
template <typename Row, std::size_t kCount, typename Kind>
constexpr bool is_in_order(const Row (&rows)[kCount], Kind Row::*kind) {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (static_cast<std::size_t>(rows[i].*kind) != i) return false;
  }
  return true;
}

/// Returns the row with that name, or null.
template <typename Row, std::size_t kCount>
constexpr const Row* find_row(const Row (&rows)[kCount], std::string_view name) {
  for (const Row& each : rows) {
    if (each.choice.name == name) return &each;
  }
  return nullptr;
}

/// Returns the choices of all rows.
template <typename Row, std::size_t kCount>
constexpr std::array<Choice, kCount> choices_of(const Row (&rows)[kCount]) {
  std::array<Choice, kCount> choices;
  for (std::size_t i = 0; i < kCount; ++i) choices[i] = rows[i].choice;
  return choices;
}

}  // namespace hotline
