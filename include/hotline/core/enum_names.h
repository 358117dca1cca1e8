#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/choice.h"
#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The names of an enumeration's values, one row for each. Lookups, errors and help read these
/// rows.
template <typename Enum, std::size_t kCount>
struct EnumNames {
  struct Row {
    Enum value;
    std::string_view name;
  };
  Row rows[kCount];

  /// Returns the name of `value`; "unknown" if it has none.
  constexpr std::string_view name_of(Enum value) const {
    for (const Row& each : rows) {
      if (each.value == value) return each.name;
    }
    return "unknown";
  }

  /// Returns the value of that name, or nothing.
  constexpr std::optional<Enum> find(std::string_view name) const {
    for (const Row& each : rows) {
      if (each.name == name) return each.value;
    }
    return std::nullopt;
  }

  /// Returns all names, in the order of the rows.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const Row& each : rows) all.emplace_back(each.name);
    return all;
  }

  /// Returns all names as in `uring, epoll and auto`.
  std::string list() const { return list_words(names()); }
};

}  // namespace hotline
