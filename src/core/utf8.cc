#include "hotline/core/utf8.h"

#include <cstdint>

namespace hotline {
namespace {

std::uint32_t bits_of(std::byte byte) { return std::to_integer<std::uint32_t>(byte); }

/// Returns how many bytes the character at the front of `bytes` has, or 0 if it is not one.
std::size_t character_size(Bytes bytes) {
  const std::uint32_t first = bits_of(bytes[0]);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  std::uint32_t character = first & (0xffU >> (size + 1));
  for (const std::byte each : bytes.subspan(1, size - 1)) {
    if ((bits_of(each) & 0xc0) != 0x80) return 0;
    character = character << 6 | (bits_of(each) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = character >= 0xd800 && character < 0xe000;
  return character < kLeast[size] || character > 0x10ffff || is_surrogate ? 0 : size;
}

}  // namespace

bool is_utf8(Bytes bytes) {
  while (!bytes.empty()) {
    const std::size_t size = character_size(bytes);
    if (size == 0) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

}  // namespace hotline
