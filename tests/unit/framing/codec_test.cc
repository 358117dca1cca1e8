#include "hotline/framing/codec.h"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/endpoint.h"
#include "support/frame_feed.h"
#include "support/loops.h"

namespace hotline::codec_test {
namespace {

using Outcome = Decoded::Outcome;
using test::Fed;

Framing framing_of(std::string_view text, std::size_t frame_max = 1 << 20) {
  auto framing = Framing::parse(text);
  REQUIRE(framing);
  framing->frame_max = frame_max;
  return *framing;
}

/// The framings whose messages may follow each other at once, and have any length.
const std::vector<std::string> kFreeLengths = {"lines",     "u16be",       "u32be",
                                               "u32le",     "i32le",       "varint",
                                               "netstring", "delimiter=;", "delimiter=%00%01%00",
                                               "mp"};

/// Every framing with a payload that it carries, besides the empty one.
std::vector<std::string> payloads_for(const Framing& framing) {
  if (framing.kind == Framing::Kind::fixed) return {"12345", "\n\r;\n1", "ready"};
  std::vector<std::string> payloads = {"",
                                       "a",
                                       "hello",
                                       "",
                                       "5:hello,",
                                       "ready",
                                       "\r.",
                                       std::string(127, 'x'),
                                       std::string(128, 'y'),
                                       std::string(300, 'z')};
  if (framing.kind != Framing::Kind::lines && framing.kind != Framing::Kind::delimiter) {
    payloads.push_back(std::string("\0\n;\r\n\xff\xff\xff\xff", 9));
  }
  return payloads;
}

test::Cuts random_cuts(std::mt19937& random) {
  return [&random](std::size_t left) {
    return std::uniform_int_distribution<std::size_t>(1, std::min<std::size_t>(left, 40))(random);
  };
}

void check_every_cut(const Framing& framing, const std::string& input, const Fed& expected) {
  CHECK(test::feed(framing, as_bytes(input), test::whole) == expected);
  CHECK(test::feed(framing, as_bytes(input), test::one_byte) == expected);
  std::mt19937 random(7);
  for (int i = 0; i < 50; ++i) {
    CHECK(test::feed(framing, as_bytes(input), random_cuts(random)) == expected);
  }
}

}  // namespace

TEST_CASE("encoded messages give the same frames, however the bytes are cut") {
  std::vector<std::string> names = kFreeLengths;
  names.emplace_back("fixed=5");
  for (const std::string& name : names) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    Fed expected{.frames = payloads_for(framing), .end_begin = 0, .problem = {}};
    std::string input;
    for (const std::string& payload : expected.frames) input += test::wire(framing, payload);
    expected.end_begin = input.size();
    check_every_cut(framing, input, expected);
  }
}

TEST_CASE("a frame that is cut anywhere is neither a frame nor an error") {
  std::vector<std::string> names = kFreeLengths;
  names.emplace_back("fixed=5");
  for (const std::string& name : names) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    for (const std::string& payload : payloads_for(framing)) {
      const std::string input = test::wire(framing, payload);
      for (std::size_t size = 0; size < input.size(); ++size) {
        Decoder decoder(framing);
        CHECK(decoder.decode(as_bytes(input).first(size)).outcome == Outcome::more);
      }
    }
  }
}

TEST_CASE("a message may be exactly as long as the limit, and not one byte longer") {
  for (const std::string& name : kFreeLengths) {
    CAPTURE(name);
    const Framing wide = framing_of(name);
    for (const std::size_t frame_max : {0U, 1U, 9U, 127U, 128U, 300U}) {
      CAPTURE(frame_max);
      const Framing framing = framing_of(name, frame_max);
      const std::string most(frame_max, 'm');
      const std::string input = test::wire(framing, most);
      check_every_cut(framing, input, {.frames = {most}, .end_begin = input.size(), .problem = {}});
      CHECK(test::kind_of(encode(framing, as_bytes(most + "m"))) == "too_large");
      check_every_cut(framing, test::wire(wide, most + "m"),
                      {.frames = {}, .end = Outcome::too_large, .problem = {}});
    }
  }
}

TEST_CASE("raw takes all that has arrived as a message, and has no empty one") {
  const Framing framing = framing_of("raw", 3);
  Decoder decoder(framing);
  CHECK(decoder.decode({}).outcome == Outcome::more);
  CHECK(decoder.decode({}).wanted_bytes == 1);
  CHECK(decoder.decode(as_bytes("hello")).payload_bytes == 5);
  CHECK(decoder.decode(as_bytes("hello")).frame_bytes == 5);
  CHECK(test::wire(framing, "hello") == "hello");
  CHECK(test::kind_of(encode(framing, {})) == "invalid_argument");
}

TEST_CASE("each framing writes its format") {
  const auto wire = [](const char* name, std::string_view payload) {
    return test::wire(framing_of(name), payload);
  };
  CHECK(wire("lines", "hello") == "hello\n");
  CHECK(wire("u16be", "hello") == std::string("\0\x05hello", 7));
  CHECK(wire("u32be", "hello") == std::string("\0\0\0\x05hello", 9));
  CHECK(wire("u32le", "hello") == std::string("\x05\0\0\0hello", 9));
  CHECK(wire("i32le", "hello") == std::string("\x05\0\0\0hello", 9));
  CHECK(wire("varint", "hello") == "\x05hello");
  CHECK(wire("netstring", "hello") == "5:hello,");
  CHECK(wire("delimiter=--", "hello") == "hello--");
  CHECK(wire("fixed=5", "hello") == "hello");
  CHECK(wire("ready", "hello") == "5hello");
  CHECK(wire("ready", "") == "0");
  CHECK(wire("mp", "hello") == std::string("\0\0\0\x05hello", 9));
}

TEST_CASE(
    "a message that a framing cannot carry is refused with a hint, and nothing of it is sent") {
  struct Refused {
    const char* name;
    std::string payload;
  };
  for (const Refused& refused :
       {Refused{"raw", ""}, Refused{"lines", "a\n"}, Refused{"lines", "a\r"},
        Refused{"delimiter=;", "a;b"}, Refused{"delimiter=--", "a-"}, Refused{"fixed=5", ""},
        Refused{"fixed=5", "1234"}, Refused{"fixed=5", "123456"}}) {
    CAPTURE(refused.name);
    CAPTURE(refused.payload);
    const auto envelope = encode(framing_of(refused.name), as_bytes(refused.payload));
    CHECK(test::kind_of(envelope) == "invalid_argument");
    if (!envelope) CHECK_FALSE(envelope.error().hint().empty());
  }
}

TEST_CASE("a message that is longer than the format allows is too large, whatever the limit") {
  const std::string longest(0xffff, 'l');
  const Framing framing = framing_of("u16be");
  CHECK(encode(framing, as_bytes(longest)));
  const auto envelope = encode(framing, as_bytes(longest + "l"));
  CHECK(test::kind_of(envelope) == "too_large");
  CHECK(envelope.error().message() ==
        "cannot send a message: it has 65536 bytes, and the framing says lengths up to 65535");
  const auto peer = Endpoint::parse("tcp://127.0.0.1:9?backlog=1");
  REQUIRE(peer);
  CHECK(encode_for(*peer, framing, as_bytes(longest)));
  CHECK(encode_for(*peer, framing, as_bytes(longest + "l")).error().message() ==
        "cannot send a message to tcp://127.0.0.1:9: it has 65536 bytes, and the framing says "
        "lengths up to 65535");
  // Only its length is used: there is no such memory.
  const Bytes huge(reinterpret_cast<const std::byte*>(&framing), 0x1'0000'0000);
  CHECK(test::kind_of(encode(framing_of("u32be", SIZE_MAX), huge)) == "too_large");
  CHECK(test::kind_of(encode(framing_of("u32le", SIZE_MAX), huge)) == "too_large");
  CHECK(encode(framing_of("u32be", SIZE_MAX), huge.first(0xffff'ffff)));
  CHECK(test::kind_of(encode(framing_of("i32le", SIZE_MAX), huge.first(0x8000'0000))) ==
        "too_large");
  CHECK(encode(framing_of("i32le", SIZE_MAX), huge.first(0x7fff'ffff)));
  CHECK(encode(framing_of("mp", SIZE_MAX), huge)->header().size() == 12);
  CHECK(encode(framing_of("netstring", SIZE_MAX), huge)->header().size() == 11);
}

TEST_CASE("a limit beyond all memory causes no overflow") {
  for (const std::string& name : kFreeLengths) {
    CAPTURE(name);
    const Framing framing = framing_of(name, SIZE_MAX);
    const std::string input = test::wire(framing, "hello");
    check_every_cut(framing, input,
                    {.frames = {"hello"}, .end_begin = input.size(), .problem = {}});
  }
  check_every_cut(framing_of("mp", SIZE_MAX), std::string(12, '\xff'),
                  {.frames = {}, .end = Outcome::too_large, .problem = {}});
}

TEST_CASE("a fixed length over the limit is too large at the first byte") {
  const Framing framing = framing_of("fixed=5", 4);
  Decoder decoder(framing);
  CHECK(decoder.decode({}).outcome == Outcome::more);
  CHECK(decoder.decode({}).wanted_bytes == 5);
  CHECK(decoder.decode(as_bytes("1")).outcome == Outcome::too_large);
}

TEST_CASE("frames before a malformed one are found") {
  check_every_cut(
      framing_of("netstring"), "1:a,2:bc,3:def;1:g,",
      {.frames = {"a", "bc"}, .end = Outcome::malformed, .end_begin = 9, .problem = {}});
  check_every_cut(framing_of("i32le"), std::string("\0\0\0\0\xff\xff\xff\xff", 8),
                  {.frames = {""}, .end = Outcome::malformed, .end_begin = 4, .problem = {}});
}

TEST_CASE("an announced message arrives whole, however length and payload are cut") {
  const Framing framing = framing_of("ready", 1000);
  std::mt19937 random(7);
  std::vector<test::Cuts> cuts = {test::whole, test::one_byte, random_cuts(random)};
  for (const std::string payload : {"", "a", "5", "123456789012", "ready", "0"}) {
    CAPTURE(payload);
    const std::string length = std::to_string(payload.size());
    for (const test::Cuts& cut : cuts) {
      const Fed fed = test::feed_answered(framing, as_bytes(length), as_bytes(payload), cut);
      CHECK(fed.problem == "");
      CHECK(fed.frames == std::vector{payload});
      CHECK(fed.end_begin == length.size() + payload.size());
    }
  }
}

TEST_CASE("after an answered message the next header waits for its own answer") {
  const Framing framing = framing_of("ready");
  Decoder decoder(framing);
  CHECK(decoder.answer().empty());
  CHECK(decoder.decode({}).outcome == Outcome::more);
  CHECK(decoder.answer().empty());
  CHECK(decoder.decode(as_bytes("2")).outcome == Outcome::more);
  CHECK(as_text(decoder.answer()) == "ready");
  decoder.note_answered();
  CHECK(decoder.answer().empty());
  CHECK(decoder.decode(as_bytes("2ab")).outcome == Outcome::frame);
  CHECK(decoder.answer().empty());
  CHECK(decoder.decode(as_bytes("1")).outcome == Outcome::more);
  CHECK(decoder.decode(as_bytes("10")).outcome == Outcome::more);
  CHECK(as_text(decoder.answer()) == "ready");
  CHECK(decoder.decode(as_bytes("10x")).outcome == Outcome::malformed);
}

TEST_CASE("only a header that needs an answer has one in its envelope") {
  for (const Choice& choice : framing_names()) {
    CAPTURE(choice.name);
    if (choice.form != choice.name) continue;
    const Framing framing = framing_of(choice.name);
    const auto envelope = encode(framing, as_bytes("hello"));
    REQUIRE(envelope);
    CHECK(envelope->answer().empty() == framing.can_pipeline());
  }
}

TEST_CASE("a header that is not answered is refused or waited for, however it was cut") {
  const Framing framing = framing_of("ready", 500);
  check_every_cut(framing, "5x", {.end = Outcome::malformed});
  check_every_cut(framing, "501", {.end = Outcome::too_large});
  check_every_cut(framing, "500", {.answer = "ready"});
  check_every_cut(framing, "rea", {});
}

TEST_CASE("an answer to a header that was not sent is malformed, however it was cut") {
  const Framing framing = framing_of("ready");
  check_every_cut(framing, "ready", {.end = Outcome::malformed});
  check_every_cut(framing, "ready5", {.end = Outcome::malformed});
}

TEST_CASE("bytes that come one by one are looked at once") {
  // Would take minutes if each search started at the beginning.
  const std::string payload(400'000, '-');
  for (const char* name : {"lines", "delimiter=--%00--", "netstring", "varint"}) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    const std::string input = test::wire(framing, payload);
    CHECK(test::feed(framing, as_bytes(input), test::one_byte).frames == std::vector{payload});
  }
}

}  // namespace hotline::codec_test
