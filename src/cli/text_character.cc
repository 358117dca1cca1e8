#include "cli/text_character.h"

namespace hotline::cli {
namespace {

std::size_t size_by_first(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

bool is_well_formed(std::uint32_t code, std::size_t size) {
  const bool is_overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return !is_overlong && !is_surrogate && code <= 0x10ffff;
}

}  // namespace

TextCharacter TextCharacter::first_of(std::string_view text) {
  constexpr std::uint32_t kFirstBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  const std::size_t size = size_by_first(static_cast<unsigned char>(text.front()));
  if (size == 0) return {};
  std::uint32_t code = static_cast<unsigned char>(text.front()) & kFirstBits[size];
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {text.size(), 0, Kind::cut};
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    code = code << 6 | (byte & 0x3f);
  }
  if (!is_well_formed(code, size)) return {};
  return {size, code, Kind::whole};
}

bool TextCharacter::is_control() const {
  if (code == '\n' || code == '\t') return false;
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
         (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

}  // namespace hotline::cli
