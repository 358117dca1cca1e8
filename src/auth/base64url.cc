#include "auth/base64url.h"

#include <array>
#include <cstdint>

#include "core/check.h"

namespace hotline::auth {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> make_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}

constexpr std::array<std::uint8_t, 256> kDigits = make_digits();

std::uint8_t digit_of(char c) { return kDigits[static_cast<unsigned char>(c)]; }

}  // namespace

void encode_base64url(Bytes bytes, std::span<char> text) {
  check_use(text.size() == base64url_size(bytes.size()), "the text must have base64url_size()");
  unsigned pending = 0;
  unsigned pending_bits = 0;
  std::size_t written = 0;
  for (const std::byte byte : bytes) {
    pending = pending << 8 | std::to_integer<unsigned>(byte);
    for (pending_bits += 8; pending_bits >= 6; pending_bits -= 6) {
      text[written++] = kAlphabet[pending >> (pending_bits - 6) & 63];
    }
  }
  if (pending_bits > 0) text[written] = kAlphabet[pending << (6 - pending_bits) & 63];
}

bool decode_base64url(std::string_view text, MutableBytes bytes) {
  if (text.size() != base64url_size(bytes.size())) return false;
  unsigned pending = 0;
  unsigned pending_bits = 0;
  std::size_t written = 0;
  for (const char c : text) {
    const std::uint8_t digit = digit_of(c);
    if (digit == kNoDigit) return false;
    pending = pending << 6 | digit;
    pending_bits += 6;
    if (pending_bits < 8) continue;
    pending_bits -= 8;
    bytes[written++] = static_cast<std::byte>(pending >> pending_bits & 255);
  }
  // The bits of the last character that belong to no byte are 0, so that each value has one text.
  return (pending & ((1U << pending_bits) - 1)) == 0;
}

std::size_t find_not_base64url(std::string_view text) { return text.find_first_not_of(kAlphabet); }

}  // namespace hotline::auth
