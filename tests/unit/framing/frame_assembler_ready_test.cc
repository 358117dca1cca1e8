#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "framing/decimal_length.h"
#include "framing/frame_assembler.h"

// Framing::Kind::ready, whose length is answered before the payload comes.

namespace hotline::framing::frame_assembler_ready_test {
namespace {

using Outcome = Decoded::Outcome;

MutableBytes bytes_of(std::string& text) { return std::as_writable_bytes(std::span(text)); }

Framing ready(std::size_t frame_max = 1000) {
  Framing framing = *Framing::parse("ready");
  framing.frame_max = frame_max;
  return framing;
}

Outcome fed(FrameAssembler& frames, std::string piece) {
  frames.feed(bytes_of(piece));
  return frames.next().outcome;
}

/// Returns true if a header has arrived and is not answered yet.
bool is_header(FrameAssembler& frames, std::string piece) {
  return fed(frames, std::move(piece)) == Outcome::more && !frames.answer().empty();
}

}  // namespace

TEST_CASE("a length waits for its answer, and its payload after that is a frame") {
  const Framing framing = ready();
  FrameAssembler frames(framing);
  for (int round = 0; round < 3; ++round) {
    CHECK(is_header(frames, "12"));
    CHECK(frames.is_amid_frame());
    CHECK_FALSE(frames.has_next());
    CHECK(frames.next().outcome == Outcome::more);
    CHECK(as_text(frames.answer()) == "ready");
    frames.note_answered();
    CHECK(frames.next().outcome == Outcome::more);
    CHECK(fed(frames, "hello ") == Outcome::more);
    std::string rest = "world!";
    frames.feed(bytes_of(rest));
    const FrameAssembler::Step step = frames.next();
    REQUIRE(step.outcome == Outcome::frame);
    CHECK(as_text(step.payload) == "hello world!");
    CHECK(step.is_gathered);
    CHECK_FALSE(frames.is_amid_frame());
  }
}

TEST_CASE("a length whose digits come one by one waits for its answer after each of them") {
  const Framing framing = ready();
  FrameAssembler frames(framing);
  CHECK(is_header(frames, "1"));
  CHECK(is_header(frames, "0"));
  frames.note_answered();
  CHECK(fed(frames, "01234") == Outcome::more);
  CHECK(fed(frames, "56789") == Outcome::frame);
}

TEST_CASE("a length of zero is an empty frame") {
  const Framing framing = ready();
  FrameAssembler frames(framing);
  CHECK(is_header(frames, "0"));
  frames.note_answered();
  const FrameAssembler::Step step = frames.next();
  CHECK(step.outcome == Outcome::frame);
  CHECK(step.payload.empty());
  CHECK_FALSE(frames.is_amid_frame());
}

TEST_CASE("a length over the limit, and bytes that are not a length, are refused") {
  const Framing framing = ready(99);
  for (const auto& [text, outcome] : {std::pair<std::string, Outcome>{"100", Outcome::too_large},
                                      {"x", Outcome::malformed},
                                      {"1x", Outcome::malformed}}) {
    CAPTURE(text);
    FrameAssembler frames(framing);
    CHECK(fed(frames, text) == outcome);
  }
}

TEST_CASE("an answer where no header was sent is malformed, wherever it is cut") {
  const Framing framing = ready();
  for (std::size_t cut = 0; cut < kReadyAnswer.size(); ++cut) {
    CAPTURE(cut);
    FrameAssembler frames(framing);
    const std::string text(kReadyAnswer);
    CHECK(fed(frames, text.substr(0, cut)) == Outcome::more);
    CHECK(frames.answer().empty());
    CHECK(fed(frames, text.substr(cut)) == Outcome::malformed);
  }
}

}  // namespace hotline::framing::frame_assembler_ready_test
