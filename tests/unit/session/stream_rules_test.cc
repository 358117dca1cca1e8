#include "session/stream_rules.h"

#include <string_view>

#include <doctest/doctest.h>

namespace hotline::session::stream_rules_test {
namespace {

constexpr StreamPhase kPhases[] = {
    StreamPhase::unused,     StreamPhase::opening,       StreamPhase::offered, StreamPhase::open,
    StreamPhase::open_reset, StreamPhase::reset_by_peer, StreamPhase::closed};

/// The verdicts of one type in the columns of the page, a letter each: `-` no, `y` yes, `d` drop,
/// `i` ignore.
std::string verdicts_of(FrameType type) {
  std::string letters;
  for (const StreamPhase each : kPhases) {
    letters += std::string_view("-idy")[static_cast<std::size_t>(verdict_on(type, each))];
  }
  return letters;
}

}  // namespace

TEST_CASE("each frame of a stream is allowed in the states of the table") {
  CHECK(verdicts_of(FrameType::open) == "y------");
  CHECK(verdicts_of(FrameType::accept) == "-y-----");
  CHECK(verdicts_of(FrameType::data) == "--yyd--");
  CHECK(verdicts_of(FrameType::message) == "--yyd--");
  CHECK(verdicts_of(FrameType::end) == "--yyd--");
  CHECK(verdicts_of(FrameType::credit) == "--yyi-i");
  CHECK(verdicts_of(FrameType::reset) == "-yyyy-i");
}

TEST_CASE("on a stream that was reset before ACCEPT, only ACCEPT and RESET may arrive") {
  using enum FrameType;
  constexpr auto kPhase = StreamPhase::opening_reset;
  CHECK(verdict_on(accept, kPhase) == Verdict::drop);
  CHECK(verdict_on(reset, kPhase) == Verdict::deliver);
  for (const FrameType each : {open, data, end, credit, message}) {
    CHECK(verdict_on(each, kPhase) == Verdict::refuse);
  }
}

TEST_CASE("frames of the connection are never allowed on a stream") {
  using enum FrameType;
  for (const FrameType each : {hello, goodbye, ping, pong}) {
    for (const StreamPhase phase : kPhases) CHECK(verdict_on(each, phase) == Verdict::refuse);
  }
}

}  // namespace hotline::session::stream_rules_test
