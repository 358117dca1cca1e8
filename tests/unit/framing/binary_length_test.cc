#include "framing/binary_length.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::binary_length_test {
namespace {

using Outcome = Decoded::Outcome;
using std::endian;

constexpr LengthField kU16Be{.bytes = 2, .order = endian::big};
constexpr LengthField kU32Be{.bytes = 4, .order = endian::big};
constexpr LengthField kU32Le{.bytes = 4, .order = endian::little};
constexpr LengthField kI32Le{.bytes = 4, .order = endian::little, .is_signed = true};

// With the zeros in it.
template <std::size_t kSize>
Bytes bytes(const char (&literal)[kSize]) {
  return as_bytes(std::string_view(literal, kSize - 1));
}

std::string varint(std::uint64_t length) {
  std::array<std::byte, kVarintBytesMax> into{};
  return std::string(as_text(Bytes(into).first(encode_varint(length, into.data()))));
}

std::string mp(std::uint64_t length) {
  std::array<std::byte, kMpLongHeaderBytes> into{};
  return std::string(as_text(Bytes(into).first(encode_mp(length, into.data()))));
}

constexpr std::size_t kMost = PTRDIFF_MAX;

}  // namespace

TEST_CASE("a length is read in its order of bytes") {
  const Bytes input = bytes("\x01\x02\x03\x04");
  CHECK(decode_length_field(kU16Be, input, kMost).wanted_bytes == 2 + 0x0102);
  CHECK(decode_length_field(kU32Be, input, kMost).wanted_bytes == 4 + 0x01020304);
  CHECK(decode_length_field(kU32Le, input, kMost).wanted_bytes == 4 + 0x04030201);
  CHECK(decode_length_field(kI32Le, input, kMost).wanted_bytes == 4 + 0x04030201);
}

TEST_CASE("a header that is cut wants the rest of itself") {
  const Bytes input = bytes("\xff\xff\xff");
  CHECK(decode_length_field(kU16Be, input.first(0), 9).wanted_bytes == 2);
  CHECK(decode_length_field(kU16Be, input.first(1), 9).wanted_bytes == 2);
  CHECK(decode_length_field(kU32Be, input.first(0), 9).wanted_bytes == 4);
  CHECK(decode_length_field(kI32Le, input, 9).wanted_bytes == 4);
  CHECK(decode_mp(input.first(0), 9).wanted_bytes == 4);
  CHECK(decode_mp(input, 9).wanted_bytes == 4);
  CHECK(decode_varint(input.first(0), 99999).wanted_bytes == 1);
}

TEST_CASE("the largest lengths are lengths where the limit is beyond them") {
  const Bytes ones = bytes("\xff\xff\xff\xff");
  CHECK(decode_length_field(kU16Be, ones, kMost).wanted_bytes == 2 + 0xffff);
  CHECK(decode_length_field(kU32Be, ones, kMost).wanted_bytes == 4 + 0xffffffffUL);
  CHECK(decode_length_field(kI32Le, bytes("\xff\xff\xff\x7f"), kMost).wanted_bytes ==
        4 + 0x7fffffffUL);
  CHECK(decode_mp(bytes("\x7f\xff\xff\xff"), kMost).wanted_bytes == 4 + 0x7fffffffUL);
}

TEST_CASE("a length is too large as soon as it is there") {
  CHECK(decode_length_field(kU32Be, bytes("\0\0\0\x05"), 5).outcome == Outcome::more);
  CHECK(decode_length_field(kU32Be, bytes("\0\0\0\x06"), 5).outcome == Outcome::too_large);
  CHECK(decode_length_field(kU16Be, bytes("\0\0"), 0).outcome == Outcome::frame);
  CHECK(decode_mp(bytes("\0\0\0\x06"), 5).outcome == Outcome::too_large);
  CHECK(decode_mp(bytes("\xff\xff\xff\xff\0\0\0\0\0\0\0\x06"), 5).outcome == Outcome::too_large);
  CHECK(decode_mp(bytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), kMost).outcome ==
        Outcome::too_large);
}

TEST_CASE("a length field says lengths up to its own maximum, and writes what it reads") {
  constexpr LengthField kU16Le{.bytes = 2, .order = endian::little};
  CHECK(length_max_of(kU16Be) == 0xffff);
  CHECK(length_max_of(kU16Le) == 0xffff);
  CHECK(length_max_of(kU32Be) == 0xffffffffUL);
  CHECK(length_max_of(kI32Le) == 0x7fffffffUL);
  for (const LengthField field : {kU16Be, kU16Le, kU32Be, kU32Le, kI32Le}) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{0x1234}, length_max_of(field)}) {
      CAPTURE(length);
      std::array<std::byte, 4> into{};
      CHECK(encode_length_field(field, length, into.data()) == field.bytes);
      CHECK(load_length(field, into.data()) == length);
    }
  }
}

TEST_CASE("a negative length is malformed") {
  for (const Bytes input :
       {bytes("\xff\xff\xff\xff"), bytes("\0\0\0\x80"), bytes("\xfe\xff\xff\xff")}) {
    CHECK(decode_length_field(kI32Le, input, kMost).outcome == Outcome::malformed);
  }
  for (const Bytes input : {bytes("\xff\xff\xff\xfe"), bytes("\x80\0\0\0")}) {
    CHECK(decode_mp(input, kMost).outcome == Outcome::malformed);
  }
}

TEST_CASE("a varint is read with seven bits in each byte") {
  CHECK(decode_varint(bytes("\0"), kMost).outcome == Outcome::frame);
  CHECK(decode_varint(bytes("\x7f"), kMost).wanted_bytes == 1 + 127);
  CHECK(decode_varint(bytes("\x80\x01"), kMost).wanted_bytes == 2 + 128);
  CHECK(decode_varint(bytes("\x96\x01"), kMost).wanted_bytes == 2 + 150);
  CHECK(decode_varint(bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x40"), kMost).wanted_bytes ==
        9 + (1UL << 62));
  // More bytes than necessary are allowed, as in Protocol Buffers.
  const Decoded padded = decode_varint(bytes("\x81\x80\x80\x80\x80\x80\x80\x80\x80\0x"), kMost);
  CHECK(padded.outcome == Outcome::frame);
  CHECK(padded.payload_begin == 10);
  CHECK(padded.payload_bytes == 1);
}

TEST_CASE("a varint of more than ten bytes or 64 bits is malformed") {
  CHECK(decode_varint(bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80"), kMost).outcome ==
        Outcome::more);
  for (const Bytes input : {bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
                            bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
                            bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02")}) {
    CHECK(decode_varint(input, kMost).outcome == Outcome::malformed);
  }
}

TEST_CASE("a varint is too large at the byte that makes it so") {
  CHECK(decode_varint(bytes("\x80"), 127).outcome == Outcome::more);
  CHECK(decode_varint(bytes("\x80\x81"), 127).outcome == Outcome::too_large);
  CHECK(decode_varint(bytes("\xff"), 126).outcome == Outcome::too_large);
  CHECK(decode_varint(bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), kMost).outcome ==
        Outcome::too_large);
}

TEST_CASE("a varint is written in as few bytes as possible") {
  CHECK(varint(0) == std::string(1, '\0'));
  CHECK(varint(127) == "\x7f");
  CHECK(varint(128) == "\x80\x01");
  CHECK(varint(150) == "\x96\x01");
  CHECK(varint(16384) == "\x80\x80\x01");
  CHECK(varint(UINT64_MAX) == "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST_CASE("bytes from CPython's Connection are read and written") {
  const Bytes hello = bytes("\x00\x00\x00\x05hello");
  CHECK(decode_mp(hello, kMost).outcome == Outcome::frame);
  CHECK(decode_mp(hello, kMost).payload_begin == 4);
  CHECK(decode_mp(hello, kMost).frame_bytes == 9);
  const Bytes long_header = bytes("\xff\xff\xff\xff\x00\x00\x00\x00\x80\x00\x00\x00");
  CHECK(decode_mp(long_header, kMost).wanted_bytes == 12 + 0x80000000UL);
  CHECK(decode_mp(long_header.first(11), kMost).wanted_bytes == 12);
  CHECK(mp(5) == as_text(hello.first(4)));
  CHECK(mp(0) == as_text(bytes("\0\0\0\0")));
  CHECK(mp(0x7fffffff) == as_text(bytes("\x7f\xff\xff\xff")));
  CHECK(mp(0x80000000) == as_text(long_header));
}

TEST_CASE("the long form of mp may have a short length") {
  const Decoded decoded = decode_mp(bytes("\xff\xff\xff\xff\0\0\0\0\0\0\0\x01x"), 5);
  CHECK(decoded.outcome == Outcome::frame);
  CHECK(decoded.payload_begin == 12);
  CHECK(decoded.payload_bytes == 1);
}

}  // namespace hotline::framing::binary_length_test
