#include "framing/decimal_length.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::decimal_length_test {
namespace {

using Outcome = Decoded::Outcome;

Decoded netstring(std::string_view text, std::size_t length_max = 99) {
  return decode_netstring(as_bytes(text), length_max);
}

Decoded announcement(std::string_view text, std::size_t length_max = 99) {
  return decode_announcement(as_bytes(text), length_max);
}

}  // namespace

TEST_CASE("a netstring consists of its length, a colon, the bytes and a comma") {
  const Decoded hello = netstring("5:hello,5:world,");
  CHECK(hello.outcome == Outcome::frame);
  CHECK(hello.payload_begin == 2);
  CHECK(hello.payload_bytes == 5);
  CHECK(hello.frame_bytes == 8);
  const Decoded empty = netstring("0:,");
  CHECK(empty.outcome == Outcome::frame);
  CHECK(empty.payload_begin == 2);
  CHECK(empty.payload_bytes == 0);
  CHECK(empty.frame_bytes == 3);
}

TEST_CASE("a netstring needs at least what its digits so far say") {
  CHECK(netstring("").wanted_bytes == 3);
  CHECK(netstring("0").wanted_bytes == 3);
  CHECK(netstring("5").wanted_bytes == 8);
  CHECK(netstring("12").wanted_bytes == 16);
  CHECK(netstring("12:").wanted_bytes == 16);
  CHECK(netstring("12:hello, world").wanted_bytes == 16);
}

TEST_CASE("bytes that are not a netstring are malformed as soon as that is visible") {
  for (const char* text : {":", ":,", " 1:x,", "-1:x,", "+1:x,", "x", "00:,", "01:x,", "1x", "1,",
                           "1 :x,", "1:xy", "0:x", "0::,", "3:abc:", "\n"}) {
    CAPTURE(text);
    CHECK(netstring(text).outcome == Outcome::malformed);
    CHECK_FALSE(netstring(text).reason.empty());
  }
}

TEST_CASE("a netstring's length is too large at the digit that makes it so") {
  CHECK(netstring("99:").outcome == Outcome::more);
  CHECK(netstring("100").outcome == Outcome::too_large);
  CHECK(netstring("10", 9).outcome == Outcome::too_large);
  CHECK(netstring("9", 9).outcome == Outcome::more);
  CHECK(netstring("1", 0).outcome == Outcome::too_large);
  CHECK(netstring("0:,", 0).outcome == Outcome::frame);
}

TEST_CASE("lengths at the maximum of a number do not overflow") {
  const std::size_t length_max = PTRDIFF_MAX;
  CHECK(netstring("9223372036854775807:", length_max).wanted_bytes == length_max + 21);
  CHECK(netstring("9223372036854775808", length_max).outcome == Outcome::too_large);
  CHECK(netstring("18446744073709551616", length_max).outcome == Outcome::too_large);
  CHECK(netstring(std::string(1000, '9'), length_max).outcome == Outcome::too_large);
}

TEST_CASE("an announcement is a length, as far as it is there") {
  for (const char* text : {"0", "7", "10", "99"}) {
    CAPTURE(text);
    const Decoded decoded = announcement(text);
    CHECK(decoded.outcome == Outcome::announced);
    CHECK(decoded.payload_begin == std::string_view(text).size());
    CHECK(decoded.payload_bytes == std::stoul(text));
  }
  CHECK(announcement("").outcome == Outcome::more);
  CHECK(announcement("100").outcome == Outcome::too_large);
  CHECK(announcement("18446744073709551616", PTRDIFF_MAX).outcome == Outcome::too_large);
}

TEST_CASE("what is neither a length nor ready is malformed") {
  for (const char* text :
       {"00", "01", "5h", "5 ", "5\n", "-1", "+1", " 5", "h", "ra", "reads", "READY", "r5", "\n"}) {
    CAPTURE(text);
    CHECK(announcement(text).outcome == Outcome::malformed);
    CHECK_FALSE(announcement(text).reason.empty());
  }
}

TEST_CASE("ready is an answer once all of it is there, whatever follows") {
  for (const char* text : {"r", "re", "rea", "read"}) {
    CHECK(announcement(text).outcome == Outcome::more);
    CHECK(announcement(text).wanted_bytes == 5);
  }
  for (const char* text : {"ready", "ready5", "readyready"}) {
    CHECK(announcement(text).outcome == Outcome::ready);
    CHECK(announcement(text).frame_bytes == 5);
  }
}

TEST_CASE("what was announced is as long as its digits say, digits in it notwithstanding") {
  const auto announced = [](std::string_view text, std::size_t digits) {
    return decode_announced(as_bytes(text), digits, 99);
  };
  CHECK(announced("3", 1).wanted_bytes == 4);
  CHECK(announced("312", 1).wanted_bytes == 4);
  CHECK(announced("3123", 1).outcome == Outcome::frame);
  CHECK(announced("3123", 1).payload_begin == 1);
  CHECK(announced("3123", 1).frame_bytes == 4);
  CHECK(announced("0", 1).outcome == Outcome::frame);
  CHECK(announced("0", 1).payload_bytes == 0);
}

TEST_CASE("lengths are written without leading zeros") {
  std::array<std::byte, 24> into{};
  const auto text = [&](std::size_t size) { return std::string(as_text(Bytes(into).first(size))); };
  CHECK(text(encode_netstring(0, into)) == "0:");
  CHECK(text(encode_netstring(1005, into)) == "1005:");
  CHECK(text(encode_netstring(SIZE_MAX, into)) == "18446744073709551615:");
  CHECK(text(encode_announcement(0, into)) == "0");
  CHECK(text(encode_announcement(SIZE_MAX, into)) == "18446744073709551615");
}

}  // namespace hotline::framing::decimal_length_test
