#include "hotline/core/bytes.h"

#include <algorithm>

namespace hotline {
namespace {

void append_escaped(std::string& text, unsigned char byte) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '\n': text += "\\n"; return;
    case '\r': text += "\\r"; return;
    case '\t': text += "\\t"; return;
    case '\\': text += "\\\\"; return;
    case '"': text += "\\\""; return;
    default: break;
  }
  if (byte >= 0x20 && byte < 0x7f) {
    text += static_cast<char>(byte);
    return;
  }
  text += "\\x";
  text += kHex[byte >> 4];
  text += kHex[byte & 15];
}

}  // namespace

std::string escape(Bytes bytes, std::size_t input_bytes_max) {
  std::string text;
  const auto shown = bytes.first(std::min(bytes.size(), input_bytes_max));
  text.reserve(shown.size() + 16);
  for (const std::byte byte : shown) append_escaped(text, std::to_integer<unsigned char>(byte));
  if (shown.size() < bytes.size()) text += "...(" + std::to_string(bytes.size()) + " bytes)";
  return text;
}

}  // namespace hotline
