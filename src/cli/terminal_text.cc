#include "cli/terminal_text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace hotline::cli {
namespace {

/// One character of UTF-8 at the start of a text.
struct Character {
  std::size_t size = 1;
  std::uint32_t code = 0;
  enum class Kind : std::uint8_t { whole, invalid, cut } kind = Kind::invalid;
};

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

Character first_of(std::string_view text) {
  constexpr std::uint32_t kFirstBits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  const std::size_t size = size_by_first(static_cast<unsigned char>(text.front()));
  if (size == 0) return {};
  std::uint32_t code = static_cast<unsigned char>(text.front()) & kFirstBits[size];
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {text.size(), 0, Character::Kind::cut};
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    code = code << 6 | (byte & 0x3f);
  }
  if (!is_well_formed(code, size)) return {};
  return {size, code, Character::Kind::whole};
}

/// C0 and C1, and characters that change the direction of text or break lines invisibly.
bool is_control(std::uint32_t code) {
  if (code == '\n' || code == '\t') return false;
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c ||
         (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

void append_escaped(std::string& shown, std::string_view bytes) {
  for (const char byte : bytes) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(byte));
    shown += escaped;
  }
}

}  // namespace

std::string TerminalText::show(Bytes piece) {
  const std::string joined = std::exchange(kept_, {}).append(as_text(piece));
  std::string shown;
  for (std::string_view rest = joined; !rest.empty();) {
    const Character next = first_of(rest);
    if (next.kind == Character::Kind::cut) {
      kept_ = rest;
      break;
    }
    const bool is_shown = next.kind == Character::Kind::whole && !is_control(next.code);
    if (is_shown) {
      shown.append(rest.substr(0, next.size));
    } else {
      append_escaped(shown, rest.substr(0, next.size));
    }
    rest.remove_prefix(next.size);
  }
  return shown;
}

std::string TerminalText::finish() {
  std::string shown;
  append_escaped(shown, std::exchange(kept_, {}));
  return shown;
}

}  // namespace hotline::cli
