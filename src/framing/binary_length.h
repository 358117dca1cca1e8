#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "framing/outcome.h"
#include "framing/wire_format.h"
#include "hotline/core/byte_order.h"
#include "hotline/core/bytes.h"

// Binary lengths before the payload. Inline, because finding the end of a small message should cost
// a server as little as possible.

namespace hotline::framing {

/// A length of a fixed number of bytes.
struct LengthField {
  std::uint8_t bytes = 0;  ///< 2 or 4; 0: there is no such field.
  std::endian order = std::endian::big;
  bool is_signed = false;
};

/// Returns the longest length that `field` can express.
constexpr std::size_t length_max_of(LengthField field) {
  if (field.bytes == sizeof(std::uint16_t)) return kU16LengthMax;
  return field.is_signed ? kI32LengthMax : kU32LengthMax;
}

inline std::uint32_t load_length(LengthField field, const std::byte* from) {
  const bool is_big = field.order == std::endian::big;
  if (field.bytes == sizeof(std::uint16_t)) {
    return is_big ? load_number<std::endian::big, std::uint16_t>(from)
                  : load_number<std::endian::little, std::uint16_t>(from);
  }
  return is_big ? load_number<std::endian::big, std::uint32_t>(from)
                : load_number<std::endian::little, std::uint32_t>(from);
}

inline Decoded decode_length_field(LengthField field, Bytes input, std::size_t length_max) {
  if (input.size() < field.bytes) return more(field.bytes);
  const std::uint32_t length = load_length(field, input.data());
  if (field.is_signed && length > kI32LengthMax) return malformed("the length is negative");
  return frame_of_length(input, field.bytes, length, length_max);
}

/// `length` is at most length_max_of(field).
inline std::size_t encode_length_field(LengthField field, std::size_t length, std::byte* into) {
  const bool is_big = field.order == std::endian::big;
  if (field.bytes == sizeof(std::uint16_t)) {
    const auto number = static_cast<std::uint16_t>(length);
    return is_big ? store_number<std::endian::big>(number, into)
                  : store_number<std::endian::little>(number, into);
  }
  const auto number = static_cast<std::uint32_t>(length);
  return is_big ? store_number<std::endian::big>(number, into)
                : store_number<std::endian::little>(number, into);
}

inline Decoded decode_varint(Bytes input, std::size_t length_max) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto byte = std::to_integer<std::uint8_t>(input[i]);
    if (i == kVarintBytesMax - 1 && byte > kVarintLastByteMax) {
      return malformed("the length has more than 64 bits");
    }
    length |= static_cast<std::uint64_t>(byte & kVarintBits) << (7 * i);
    if (length > length_max) return too_large();
    if ((byte & kVarintContinues) == 0) return frame_of_length(input, i + 1, length, length_max);
  }
  return more(input.size() + 1);
}

inline std::size_t encode_varint(std::uint64_t length, std::byte* into) {
  std::size_t count = 0;
  for (; length > kVarintBits; length >>= 7) {
    into[count++] = static_cast<std::byte>((length & kVarintBits) | kVarintContinues);
  }
  into[count++] = static_cast<std::byte>(length);
  return count;
}

inline Decoded decode_mp(Bytes input, std::size_t length_max) {
  if (input.size() < sizeof(std::int32_t)) return more(sizeof(std::int32_t));
  const auto mark = load_number<std::endian::big, std::int32_t>(input.data());
  if (mark >= 0) {
    return frame_of_length(input, sizeof mark, static_cast<std::uint64_t>(mark), length_max);
  }
  if (mark != kMpLongMark) return malformed("the length is negative");
  if (input.size() < kMpLongHeaderBytes) return more(kMpLongHeaderBytes);
  const auto length = load_number<std::endian::big, std::uint64_t>(input.data() + sizeof mark);
  return frame_of_length(input, kMpLongHeaderBytes, length, length_max);
}

inline std::size_t encode_mp(std::uint64_t length, std::byte* into) {
  if (length <= kMpShortLengthMax) {
    return store_number<std::endian::big>(static_cast<std::int32_t>(length), into);
  }
  const std::size_t mark_bytes = store_number<std::endian::big>(kMpLongMark, into);
  return mark_bytes + store_number<std::endian::big>(length, into + mark_bytes);
}

}  // namespace hotline::framing
