#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// The id of a job: a remote command that may outlive the connection. A random number of the
/// server; it gives no rights.
struct JobId {
  static constexpr std::size_t kBytes = 16;

  std::array<std::byte, kBytes> bytes{};

  /// Returns it as 32 hexadecimal digits in lower case.
  std::string text() const;

  /// Returns the id of such a text, also in upper case; nullopt if `text` is not one.
  static std::optional<JobId> parse(std::string_view text);

  auto operator<=>(const JobId&) const = default;
};

}  // namespace hotline
