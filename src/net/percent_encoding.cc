#include "net/percent_encoding.h"

#include <charconv>

namespace hotline::net {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

}  // namespace

std::string percent_encode(std::string_view bytes, std::string_view reserved) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%' && !reserved.contains(c)) {
      text += c;
    } else {
      text.append(1, '%').append(1, kHexDigits[byte >> 4]).append(1, kHexDigits[byte & 15]);
    }
  }
  return text;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string bytes;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() != '%') {
      bytes += text.front();
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(1, 2);
    const char* const digits_end = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), digits_end, byte, 16);
    if (error != std::errc() || digits.size() != 2 || end != digits_end) return std::nullopt;
    bytes += static_cast<char>(byte);
    text.remove_prefix(2);
  }
  return bytes;
}

}  // namespace hotline::net
