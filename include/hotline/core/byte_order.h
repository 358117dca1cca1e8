#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

#include "hotline/core/public.h"

// Numbers in the byte order of a wire format, at any alignment. Inline, because codecs of small
// messages use them for each.

namespace hotline HOTLINE_PUBLIC {

/// Returns the number whose bytes begin at `from`, where there are as many as a Number has.
template <std::endian kOrder, std::integral Number>
Number load_number(const std::byte* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return kOrder == std::endian::native ? number : std::byteswap(number);
}

/// Writes the bytes of `number` to `into`, where there is room for them, and returns how many they
/// are.
template <std::endian kOrder, std::integral Number>
std::size_t store_number(Number number, std::byte* into) {
  if (kOrder != std::endian::native) number = std::byteswap(number);
  std::memcpy(into, &number, sizeof number);
  return sizeof number;
}

}  // namespace hotline
