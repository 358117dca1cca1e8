#include "cli/text_encoding.h"

#include <algorithm>
#include <cstdint>

namespace hotline::cli {
namespace {

std::uint32_t value_of(std::byte byte) { return std::to_integer<std::uint32_t>(byte); }

}  // namespace

std::string encode_base64(Bytes bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size());
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? value_of(bytes[i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[group >> (18 - 6 * i) & 0x3f] : '=';
    }
    bytes = bytes.subspan(count);
  }
  return text;
}

}  // namespace hotline::cli
