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

struct Header {
  Decoded decoded;
  std::size_t digits;  ///< The digits of a length that is not answered yet.
};

Header header(std::string_view text, std::size_t length_max = 99) {
  Decoder::Progress progress;
  const Decoded decoded = decode_ready(as_bytes(text), length_max, progress);
  return {decoded, progress.looked_at};
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

TEST_CASE("a header of ready is a length, as far as it is there") {
  for (const std::string_view text : {"0", "7", "10", "99"}) {
    CAPTURE(text);
    CHECK(header(text).decoded.outcome == Outcome::more);
    CHECK(header(text).decoded.wanted_bytes == text.size() + 1);
    CHECK(header(text).digits == text.size());
  }
  CHECK(header("").decoded.outcome == Outcome::more);
  CHECK(header("").digits == 0);
  CHECK(header("100").decoded.outcome == Outcome::too_large);
  CHECK(header("100").digits == 0);
  CHECK(header("18446744073709551616", PTRDIFF_MAX).decoded.outcome == Outcome::too_large);
}

TEST_CASE("bytes that are neither a length nor ready are malformed") {
  for (const char* text :
       {"00", "01", "5h", "5 ", "5\n", "-1", "+1", " 5", "h", "ra", "reads", "READY", "r5", "\n"}) {
    CAPTURE(text);
    CHECK(header(text).decoded.outcome == Outcome::malformed);
    CHECK_FALSE(header(text).decoded.reason.empty());
    CHECK(header(text).digits == 0);
  }
}

TEST_CASE("the word ready is not a header: it is malformed when it is complete, whatever follows") {
  for (const char* text : {"r", "re", "rea", "read"}) {
    CHECK(header(text).decoded.outcome == Outcome::more);
    CHECK(header(text).decoded.wanted_bytes == 5);
    CHECK(header(text).digits == 0);
  }
  for (const char* text : {"ready", "ready5", "readyready"}) {
    CHECK(header(text).decoded.outcome == Outcome::malformed);
    CHECK(header(text).decoded.reason == "'ready' came where no length had been sent");
  }
}

TEST_CASE("an answered message is as long as its digits say, though it has digits in it") {
  const auto answered = [](std::string_view text, std::size_t digits) {
    Decoder::Progress progress{.looked_at = digits, .is_answered = true};
    const Decoded decoded = decode_ready(as_bytes(text), 99, progress);
    CHECK(progress.is_answered == (decoded.outcome == Outcome::more));
    return decoded;
  };
  CHECK(answered("3", 1).wanted_bytes == 4);
  CHECK(answered("312", 1).wanted_bytes == 4);
  CHECK(answered("3123", 1).outcome == Outcome::frame);
  CHECK(answered("3123", 1).payload_begin == 1);
  CHECK(answered("3123", 1).frame_bytes == 4);
  CHECK(answered("0", 1).outcome == Outcome::frame);
  CHECK(answered("0", 1).payload_bytes == 0);
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
