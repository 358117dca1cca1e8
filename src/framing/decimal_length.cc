#include "framing/decimal_length.h"

#include <charconv>

#include "framing/outcome.h"
#include "framing/wire_format.h"

namespace hotline::framing {
namespace {

struct Number {
  std::size_t digits = 0;
  std::size_t value = 0;
  bool is_over = false;
};

/// Reads the number at the beginning of `input`. It has no leading zero, so it ends after a `0`.
Number read_number(Bytes input, std::size_t value_max) {
  Number number;
  for (const std::byte byte : input) {
    const unsigned digit = std::to_integer<unsigned>(byte) - '0';
    if (digit > 9) break;
    if (digit > value_max || number.value > (value_max - digit) / 10) {
      number.is_over = true;
      break;
    }
    number.value = number.value * 10 + digit;
    ++number.digits;
    if (number.value == 0) break;
  }
  return number;
}

std::size_t write_number(std::size_t number, std::span<std::byte> into) {
  char* const begin = reinterpret_cast<char*>(into.data());
  return static_cast<std::size_t>(std::to_chars(begin, begin + into.size(), number).ptr - begin);
}

/// Decodes the part of a length that has arrived, and sets `digits` to the number of its digits.
Decoded decode_announcement(Bytes input, std::size_t length_max, std::size_t& digits) {
  digits = 0;
  if (input.empty()) return more(1);
  if (as_text(input).starts_with(kReadyAnswer)) {
    return malformed("'ready' came where no length had been sent");
  }
  if (kReadyAnswer.starts_with(as_text(input))) return more(kReadyAnswer.size());
  const Number length = read_number(input, length_max);
  if (length.is_over) return too_large();
  if (length.digits == 0) return malformed("it begins neither with a length nor with 'ready'");
  if (length.digits < input.size()) return malformed("something follows the length at once");
  digits = length.digits;
  return more(input.size() + 1);
}

/// The payload after the digits that were answered.
Decoded decode_answered(Bytes input, std::size_t length_max, Decoder::Progress& progress) {
  const std::size_t digits = progress.looked_at;
  const std::size_t length = read_number(input.first(digits), length_max).value;
  const Decoded decoded = frame_of_length(input, digits, length, length_max);
  if (decoded.outcome == Decoded::Outcome::frame) progress = {};
  return decoded;
}

}  // namespace

Decoded decode_netstring(Bytes input, std::size_t length_max) {
  const Number length = read_number(input, length_max);
  if (length.is_over) return too_large();
  if (length.digits == 0) {
    return input.empty() ? more(kNetstringBytesMin) : malformed("it does not begin with a length");
  }
  const std::size_t begin = length.digits + 1;
  const std::size_t end = begin + length.value;
  const std::size_t frame_bytes = end + kNetstringTrailer.size();
  if (input.size() > length.digits && input[length.digits] != std::byte{kNetstringColon}) {
    return malformed("no colon follows the length");
  }
  if (input.size() < frame_bytes) return more(frame_bytes);
  if (as_text(input.subspan(end, kNetstringTrailer.size())) != kNetstringTrailer) {
    return malformed("no comma ends it");
  }
  return frame(begin, length.value, frame_bytes);
}

std::size_t encode_netstring(std::size_t length, std::span<std::byte> into) {
  const std::size_t digits = write_number(length, into);
  into[digits] = std::byte{kNetstringColon};
  return digits + 1;
}

Decoded decode_ready(Bytes input, std::size_t length_max, Decoder::Progress& progress) {
  // The payload may begin with digits too; only the digits that were answered are the length.
  if (progress.is_answered) return decode_answered(input, length_max, progress);
  return decode_announcement(input, length_max, progress.looked_at);
}

std::size_t encode_announcement(std::size_t length, std::span<std::byte> into) {
  return write_number(length, into);
}

}  // namespace hotline::framing
