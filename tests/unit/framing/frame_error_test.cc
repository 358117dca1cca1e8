#include "framing/frame_error.h"

#include <span>
#include <string>

#include <doctest/doctest.h>

namespace hotline::framing::frame_error_test {

TEST_CASE("each way of being no frame has its own words, with the framing and what to do") {
  struct Form {
    Decoded::Outcome outcome;
    ErrorKind kind;
    std::string_view detail;
  };
  const Form forms[] = {
      {Decoded::Outcome::malformed, ErrorKind::protocol_violation, "not framed as u32be: odd"},
      {Decoded::Outcome::too_large, ErrorKind::too_large, "the limit of 100 bytes"}};
  const Framing framing{.kind = Framing::Kind::u32be, .frame_max = 100};
  for (const Form& form : forms) {
    CAPTURE(form.detail);
    const Error error =
        frame_error(framing, {.outcome = form.outcome, .reason = "odd"}, "tcp://10.0.0.1:1");
    CHECK(error.kind == form.kind);
    CHECK(error.endpoint == "tcp://10.0.0.1:1");
    CHECK(error.detail.find(form.detail) != std::string::npos);
    CHECK(error.hint().find("both sides") != std::string::npos);
  }
}

TEST_CASE("an orderly end within a frame is a cut, between two an end, and a reset stays a reset") {
  const Framing framing{.kind = Framing::Kind::lines};
  FrameAssembler frames(framing);
  const Error closed = make_error(ErrorKind::closed, {}, {}, {});
  const Error reset = make_error(ErrorKind::reset, {}, {}, {});
  CHECK(end_of_frames(frames, closed).kind == ErrorKind::closed);
  std::string beginning = "half a line";
  frames.feed(std::as_writable_bytes(std::span(beginning)));
  CHECK(frames.next().outcome == Decoded::Outcome::more);
  CHECK(end_of_frames(frames, closed).kind == ErrorKind::truncated);
  CHECK(end_of_frames(frames, reset).kind == ErrorKind::reset);
}

TEST_CASE("a message without room is named with its endpoint and a hint") {
  const Error error = no_room_error(GatheringBudget::Exhausted(), "tcp://here");
  CHECK(error.kind == ErrorKind::resource_exhausted);
  CHECK(error.endpoint == "tcp://here");
  CHECK(error.hint() == "raise Limits::message_memory_max");
}

}  // namespace hotline::framing::frame_error_test
