#include "framing/frame_assembler.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/frame_feed.h"

namespace hotline::framing::frame_assembler_test {
namespace {

using Outcome = Decoded::Outcome;
using test::kPipelined;
using test::wire_of;

Framing framing_of(std::string_view name, std::size_t frame_max = 16 * 1024 * 1024) {
  Framing framing = *Framing::parse(name);
  framing.frame_max = frame_max;
  return framing;
}

MutableBytes bytes_of(std::string& text) { return std::as_writable_bytes(std::span(text)); }

/// Returns what next() found: a payload, or the name of another outcome in angle brackets.
std::string text_of(const FrameAssembler::Step& step) {
  switch (step.outcome) {
    case Outcome::frame: return std::string(as_text(step.payload));
    case Outcome::more: return "<more>";
    case Outcome::malformed: return "<malformed>";
    case Outcome::too_large: return "<too_large>";
  }
  return "<?>";
}

std::string next(FrameAssembler& frames) { return text_of(frames.next()); }

/// Returns the frames of pieces, each in memory that is freed with the next one.
std::vector<std::string> assembled(FrameAssembler& frames, const std::vector<std::string>& pieces) {
  std::vector<std::string> found;
  for (std::string piece : pieces) {
    frames.feed(bytes_of(piece));
    for (std::string text; (text = next(frames)) != "<more>";) found.push_back(text);
    std::ranges::fill(piece, '!');
  }
  return found;
}

bool lies_in(Bytes part, Bytes whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

TEST_CASE("frames cut anywhere into two, or into single bytes, are the same as in one piece") {
  for (const std::string& name : kPipelined) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    const std::vector<std::string> payloads = {"hello", "world", "12345"};
    const std::string text = wire_of(framing, payloads);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      CAPTURE(cut);
      FrameAssembler frames(framing);
      CHECK(assembled(frames, {text.substr(0, cut), text.substr(cut)}) == payloads);
      CHECK_FALSE(frames.is_amid_frame());
    }
    FrameAssembler frames(framing);
    std::vector<std::string> bytes;
    for (const char byte : text) bytes.emplace_back(1, byte);
    CHECK(assembled(frames, bytes) == payloads);
  }
}

TEST_CASE("frames cut anywhere into three are the same as in one piece") {
  for (const std::string& name : kPipelined) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    const std::vector<std::string> payloads = {"hello", "world", "12345"};
    const std::string text = wire_of(framing, payloads);
    for (std::size_t first = 0; first <= text.size(); ++first) {
      for (std::size_t second = first; second <= text.size(); ++second) {
        FrameAssembler frames(framing);
        const auto found = assembled(
            frames,
            {text.substr(0, first), text.substr(first, second - first), text.substr(second)});
        CHECK((found == payloads));
      }
    }
  }
}

TEST_CASE("frames of every size pass through pieces of every size") {
  for (const std::string& name : kPipelined) {
    if (name == "fixed=5") continue;
    CAPTURE(name);
    const Framing framing = framing_of(name);
    std::vector<std::string> payloads;
    for (const std::size_t size : {0U, 1U, 127U, 128U, 511U, 512U, 513U, 5'000U, 0U, 60'000U, 3U}) {
      payloads.emplace_back(size, static_cast<char>('a' + payloads.size()));
    }
    const std::string text = wire_of(framing, payloads);
    for (const std::size_t size : {7U, 100U, 512U, 1'000U, 16'384U, 65'536U, 200'000U}) {
      CAPTURE(size);
      std::vector<std::string> pieces;
      for (std::size_t at = 0; at < text.size(); at += size)
        pieces.push_back(text.substr(at, size));
      FrameAssembler frames(framing);
      CHECK((assembled(frames, pieces) == payloads));
    }
  }
}

TEST_CASE("a frame within one piece is returned in place, with its envelope") {
  for (const std::string& name : kPipelined) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    const std::string one = test::wire(framing, "hello");
    std::string piece = one + one;
    FrameAssembler frames(framing);
    frames.feed(bytes_of(piece));
    for (std::size_t at = 0; at < piece.size(); at += one.size()) {
      const FrameAssembler::Step step = frames.next();
      REQUIRE(step.outcome == Outcome::frame);
      CHECK_FALSE(step.is_gathered);
      CHECK(step.frame.data() == bytes_of(piece).data() + at);
      CHECK(step.frame.size() == one.size());
      CHECK(lies_in(step.payload, step.frame));
      CHECK(as_text(step.payload) == "hello");
    }
    CHECK(next(frames) == "<more>");
  }
}

TEST_CASE("a frame that was cut is collected, and the next one is in the piece again") {
  for (const std::string& name : kPipelined) {
    const Framing framing = framing_of(name);
    const std::string one = test::wire(framing, "hello");
    for (std::size_t cut = 1; cut < one.size(); ++cut) {
      CAPTURE(name);
      CAPTURE(cut);
      std::string begin = one.substr(0, cut);
      std::string rest = one.substr(cut) + one + one;
      FrameAssembler frames(framing);
      frames.feed(bytes_of(begin));
      CHECK(next(frames) == "<more>");
      frames.feed(bytes_of(rest));
      const FrameAssembler::Step gathered = frames.next();
      CHECK(text_of(gathered) == "hello");
      CHECK(gathered.is_gathered);
      CHECK_FALSE(lies_in(gathered.payload, bytes_of(rest)));
      CHECK(gathered.frame.size() == one.size());
      CHECK(lies_in(gathered.payload, gathered.frame));
      for (std::size_t at = one.size() - cut; at < rest.size(); at += one.size()) {
        const FrameAssembler::Step step = frames.next();
        CHECK(text_of(step) == "hello");
        CHECK_FALSE(step.is_gathered);
        CHECK(step.frame.data() == bytes_of(rest).data() + at);
      }
      CHECK(next(frames) == "<more>");
    }
  }
}

TEST_CASE("checking for another frame does not change the last one") {
  const Framing framing = framing_of("lines");
  std::string begin = "gath";
  std::string rest = "ered\nplain\nbeg";
  FrameAssembler frames(framing);
  CHECK_FALSE(frames.has_next());
  frames.feed(bytes_of(begin));
  CHECK_FALSE(frames.has_next());
  CHECK(next(frames) == "<more>");
  CHECK_FALSE(frames.has_next());
  frames.feed(bytes_of(rest));
  const FrameAssembler::Step gathered = frames.next();
  CHECK(frames.has_next());
  CHECK(frames.has_next());
  CHECK(text_of(gathered) == "gathered");
  const FrameAssembler::Step plain = frames.next();
  CHECK_FALSE(frames.has_next());
  CHECK(text_of(plain) == "plain");
  CHECK(next(frames) == "<more>");
}

TEST_CASE("bytes that are not a frame are found next, and the check reports them") {
  const Framing framing = framing_of("netstring");
  std::string piece = "1:a,x";
  FrameAssembler frames(framing);
  frames.feed(bytes_of(piece));
  CHECK(next(frames) == "a");
  CHECK(frames.has_next());
  const FrameAssembler::Step step = frames.next();
  CHECK(text_of(step) == "<malformed>");
  CHECK_FALSE(step.reason.empty());
}

TEST_CASE(
    "bytes that are not a frame are refused wherever they are cut, after the frames before them") {
  const Framing framing = framing_of("netstring", 100);
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"1:a,1:bx", "<malformed>"}, {"1:a,x", "<malformed>"}, {"1:a,101:", "<too_large>"}};
  for (const auto& [text, end] : refused) {
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
      CAPTURE(text);
      CAPTURE(cut);
      FrameAssembler frames(framing);
      std::string found;
      std::string pieces[] = {text.substr(0, cut), text.substr(cut)};
      for (std::string& piece : pieces) {
        if (found.ends_with('>')) break;
        frames.feed(bytes_of(piece));
        do found += next(frames);
        while (!found.ends_with('>'));
        if (found.ends_with("<more>")) found.resize(found.size() - 6);
      }
      CHECK(found == "a" + end);
    }
  }
}

TEST_CASE("a line over the limit is refused even if its pieces do not end, one at it is not") {
  const Framing framing = framing_of("lines", 1000);
  for (const std::size_t size : {1U, 10U, 600U, 1003U}) {
    CAPTURE(size);
    FrameAssembler frames(framing);
    std::string at_limit(1000, 'a');
    CHECK(assembled(frames, {at_limit, "\n"}) == std::vector<std::string>{at_limit});
    std::string piece(size, 'b');
    std::string found;
    for (std::size_t fed = 0; fed <= 1003 + size && found != "<too_large>"; fed += size) {
      frames.feed(bytes_of(piece));
      found = next(frames);
    }
    CHECK(found == "<too_large>");
  }
}

TEST_CASE("it is within a frame from its first byte to its last, and nowhere else") {
  for (const std::string& name : kPipelined) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    const std::string one = test::wire(framing, "hello");
    FrameAssembler frames(framing);
    CHECK_FALSE(frames.is_amid_frame());
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i + 1 < one.size(); ++i) {
        std::string byte(1, one[i]);
        frames.feed(bytes_of(byte));
        CHECK(next(frames) == "<more>");
        CHECK(frames.is_amid_frame());
      }
      std::string byte(1, one.back());
      frames.feed(bytes_of(byte));
      CHECK(next(frames) == "hello");
      CHECK_FALSE(frames.is_amid_frame());
      CHECK(next(frames) == "<more>");
      CHECK_FALSE(frames.is_amid_frame());
    }
  }
}

TEST_CASE("without input nothing is found, within a frame or not") {
  const Framing framing = framing_of("lines");
  FrameAssembler frames(framing);
  CHECK(next(frames) == "<more>");
  frames.feed({});
  CHECK(next(frames) == "<more>");
  CHECK_FALSE(frames.is_amid_frame());
  CHECK(assembled(frames, {"he", "", "llo", "", "\n"}) == std::vector<std::string>{"hello"});
}

TEST_CASE("room is offered only for the larger part of a long frame, and filled in place") {
  const Framing framing = framing_of("u32be");
  const std::string payload(300'000, 'p');
  const std::string text = test::wire(framing, payload);
  FrameAssembler frames(framing);
  CHECK(frames.room().empty());
  std::size_t at = 0;
  std::size_t filled = 0;
  FrameAssembler::Step step;
  while ((step = frames.next()).outcome == Outcome::more) {
    REQUIRE(at < text.size());
    if (const MutableBytes room = frames.room(); !room.empty()) {
      REQUIRE(room.size() <= text.size() - at);
      std::ranges::copy(as_bytes(text).subspan(at, room.size()), room.begin());
      frames.filled(room.size());
      at += room.size();
      filled += room.size();
      continue;
    }
    std::string piece = text.substr(at, 10'000);
    frames.feed(bytes_of(piece));
    at += piece.size();
    step = frames.next();
    if (step.outcome != Outcome::more) break;
  }
  CHECK((text_of(step) == payload));
  CHECK(step.is_gathered);
  CHECK(filled > payload.size() / 2);
  CHECK_FALSE(frames.is_amid_frame());
  CHECK(frames.room().empty());
}

TEST_CASE("room may be filled partly, and feeding continues from there") {
  const Framing framing = framing_of("u32be");
  const std::string payload(100'000, 'q');
  const std::string text = test::wire(framing, payload) + test::wire(framing, "next");
  FrameAssembler frames(framing);
  std::string begin = text.substr(0, 60'000);
  frames.feed(bytes_of(begin));
  CHECK(next(frames) == "<more>");
  const MutableBytes room = frames.room();
  REQUIRE(room.size() > 10);
  std::ranges::copy(as_bytes(text).subspan(60'000, 10), room.begin());
  frames.filled(10);
  CHECK(next(frames) == "<more>");
  CHECK(frames.is_amid_frame());
  std::string rest = text.substr(60'010);
  frames.feed(bytes_of(rest));
  CHECK((next(frames) == payload));
  CHECK(next(frames) == "next");
  CHECK(next(frames) == "<more>");
}

TEST_CASE("a short frame, and one whose end is unknown, offer no room") {
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"u32be", std::string("\0\0\0\x64"
                                                                 "begin",
                                                                 9)},
        {"lines", std::string(60'000, 'l')}}) {
    CAPTURE(name);
    const Framing framing = framing_of(name);
    FrameAssembler frames(framing);
    std::string piece = text;
    frames.feed(bytes_of(piece));
    CHECK(next(frames) == "<more>");
    CHECK(frames.room().empty());
  }
}

TEST_CASE("bytes after the last frame are the rest, and can be moved and fed again") {
  const Framing framing = framing_of("netstring");
  std::string piece = "1:a,1:b,5:he";
  FrameAssembler frames(framing);
  frames.feed(bytes_of(piece));
  CHECK(next(frames) == "a");
  CHECK(as_text(frames.rest()) == "1:b,5:he");
  std::string moved(as_text(frames.rest()));
  frames.feed(bytes_of(moved));
  std::ranges::fill(piece, '!');
  CHECK(next(frames) == "b");
  CHECK(as_text(frames.rest()) == "5:he");
  CHECK(next(frames) == "<more>");
  CHECK(frames.rest().empty());
}

TEST_CASE("after a collected frame the rest is in the piece") {
  const Framing framing = framing_of("lines");
  std::string begin = "on";
  std::string piece = "e\ntwo\nthr";
  FrameAssembler frames(framing);
  frames.feed(bytes_of(begin));
  CHECK(next(frames) == "<more>");
  frames.feed(bytes_of(piece));
  CHECK(next(frames) == "one");
  CHECK(as_text(frames.rest()) == "two\nthr");
  CHECK(frames.rest().data() == bytes_of(piece).data() + 2);
}

TEST_CASE("bytes that belong to no frame are taken as far as they are there and fit") {
  const Framing framing = framing_of("lines");
  std::string piece = "one\nABCDEtwo\n";
  FrameAssembler frames(framing);
  std::string into(3, '.');
  CHECK(frames.take(bytes_of(into)) == 0);
  frames.feed(bytes_of(piece));
  CHECK(next(frames) == "one");
  CHECK(frames.take(bytes_of(into)) == 3);
  CHECK(into == "ABC");
  CHECK(frames.take(bytes_of(into).first(2)) == 2);
  CHECK(into == "DEC");
  CHECK(frames.take({}) == 0);
  CHECK(next(frames) == "two");
}

}  // namespace hotline::framing::frame_assembler_test
