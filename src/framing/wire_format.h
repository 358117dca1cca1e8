#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// The numbers and bytes of docs/wire/framing.md.

namespace hotline::framing {

inline constexpr std::size_t kU16LengthMax = 0xffff;
inline constexpr std::size_t kU32LengthMax = 0xffff'ffff;
inline constexpr std::size_t kI32LengthMax = 0x7fff'ffff;

inline constexpr std::size_t kVarintBytesMax = 10;
inline constexpr std::uint8_t kVarintBits = 0x7f;
inline constexpr std::uint8_t kVarintContinues = 0x80;
// Only the lowest bit of the tenth byte belongs to the 64.
inline constexpr std::uint8_t kVarintLastByteMax = 1;

// The longest number of 64 bits in decimal digits.
inline constexpr std::size_t kDecimalBytesMax = 20;

inline constexpr char kNetstringColon = ':';
inline constexpr std::string_view kNetstringTrailer = ",";
inline constexpr std::size_t kNetstringBytesMin = 3;  // `0:,`

inline constexpr std::string_view kLineEnd = "\n";
inline constexpr char kCarriageReturn = '\r';

inline constexpr std::int32_t kMpLongMark = -1;
inline constexpr std::size_t kMpShortLengthMax = 0x7fff'ffff;
inline constexpr std::size_t kMpLongHeaderBytes = 12;

}  // namespace hotline::framing
