#include "framing/fixed_length.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::fixed_length_test {
namespace {

using Outcome = Decoded::Outcome;

Outcome decoded(std::string_view text, std::size_t fixed_bytes, std::size_t length_max = 99) {
  return decode_fixed(as_bytes(text), fixed_bytes, length_max).outcome;
}

}  // namespace

TEST_CASE("a frame of fixed length is whole once that many bytes are there") {
  CHECK(decoded("", 3) == Outcome::more);
  CHECK(decoded("ab", 3) == Outcome::more);
  CHECK(decode_fixed(as_bytes("ab"), 3, 99).wanted_bytes == 3);
  CHECK(decoded("abc", 3) == Outcome::frame);
  const Decoded first = decode_fixed(as_bytes("abcd"), 3, 99);
  CHECK(first.payload_begin == 0);
  CHECK(first.payload_bytes == 3);
  CHECK(first.frame_bytes == 3);
}

TEST_CASE("a fixed length over the limit is refused with the first byte") {
  CHECK(decoded("", 4, 3) == Outcome::more);
  CHECK(decoded("a", 4, 3) == Outcome::too_large);
  CHECK(decoded("abcd", 4, 4) == Outcome::frame);
}

TEST_CASE("the text of a fixed length is a whole number from 1 on") {
  Framing framing{.kind = Framing::Kind::fixed};
  CHECK(take_fixed(framing, "512"));
  CHECK(framing.fixed_bytes == 512);
  CHECK(fixed_text(framing) == "512");
  for (const std::string_view text : {"", "0", "-1", "+1", "1x", " 1", "18446744073709551616"}) {
    CAPTURE(text);
    const auto taken = take_fixed(framing, text);
    REQUIRE_FALSE(taken);
    CHECK(taken.error().advice == "write it as fixed=512");
  }
}

TEST_CASE("a payload of another length is refused with both lengths") {
  const Framing framing{.kind = Framing::Kind::fixed, .fixed_bytes = 3};
  CHECK(refuse_fixed(framing, 5).detail == "it has 5 bytes, and the framing says 3");
}

}  // namespace hotline::framing::fixed_length_test
