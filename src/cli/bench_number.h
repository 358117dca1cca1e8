#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include "hotline/core/bytes.h"

namespace hotline::cli {

/// The number at the beginning of a datagram: eight hexadecimal digits, which are the same in upper
/// case.
struct BenchNumber {
  static constexpr std::size_t kBytes = 8;

  /// Writes `number` to the beginning of `datagram`, which has room for it.
  static void put(std::uint32_t number, MutableBytes datagram) {
    for (std::size_t i = kBytes; i > 0; --i, number >>= 4) {
      datagram[i - 1] = static_cast<std::byte>("0123456789ABCDEF"[number & 15]);
    }
  }

  /// Returns the number at the beginning of `datagram`; nullopt if there is none.
  static std::optional<std::uint32_t> take(Bytes datagram) {
    if (datagram.size() < kBytes) return std::nullopt;
    const std::string_view digits = as_text(datagram.first(kBytes));
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number, 16);
    if (error != std::errc() || end != digits.end()) return std::nullopt;
    return number;
  }
};

}  // namespace hotline::cli
