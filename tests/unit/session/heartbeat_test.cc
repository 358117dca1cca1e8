#include "session/heartbeat.h"

#include <doctest/doctest.h>

namespace hotline::session::heartbeat_test {
namespace {

using std::chrono::seconds;
using Beat = Heartbeat::Beat;

const Instant kBegin = Instant{} + std::chrono::hours(1);

Heartbeat after_hello() {
  Heartbeat heartbeat({}, kBegin);
  heartbeat.note_hello();
  return heartbeat;
}

}  // namespace

TEST_CASE("HELLO must arrive in time, whatever else arrives") {
  Heartbeat heartbeat({}, kBegin);
  heartbeat.note_received(kBegin + seconds(9));
  CHECK(heartbeat.next() == Deadline::at(kBegin + seconds(10)));
  CHECK(heartbeat.on_time(kBegin + seconds(10) - Duration(1)) == Beat::nothing);
  CHECK(heartbeat.on_time(kBegin + seconds(10)) == Beat::silent);
}

TEST_CASE("a PING is sent when nothing has arrived for a while, and only one at a time") {
  Heartbeat heartbeat = after_hello();
  CHECK(heartbeat.next() == Deadline::at(kBegin + seconds(15)));
  CHECK(heartbeat.on_time(kBegin + seconds(15) - Duration(1)) == Beat::nothing);
  CHECK(heartbeat.on_time(kBegin + seconds(15)) == Beat::ping);
  CHECK(heartbeat.next() == Deadline::at(kBegin + seconds(45)));
  CHECK(heartbeat.on_time(kBegin + seconds(40)) == Beat::nothing);
}

TEST_CASE("whatever arrives counts as life") {
  Heartbeat heartbeat = after_hello();
  heartbeat.note_received(kBegin + seconds(14));
  CHECK(heartbeat.on_time(kBegin + seconds(15)) == Beat::nothing);
  CHECK(heartbeat.next() == Deadline::at(kBegin + seconds(29)));
}

TEST_CASE("a peer that is silent for too long is taken for dead") {
  Heartbeat heartbeat = after_hello();
  CHECK(heartbeat.on_time(kBegin + seconds(15)) == Beat::ping);
  CHECK(heartbeat.on_time(kBegin + seconds(45) - Duration(1)) == Beat::nothing);
  CHECK(heartbeat.on_time(kBegin + seconds(45)) == Beat::silent);
}

TEST_CASE("a PONG must echo the PING that awaits it, and measures the round trip") {
  Heartbeat heartbeat = after_hello();
  CHECK(!heartbeat.note_pong(0));
  CHECK(heartbeat.on_time(kBegin + seconds(15)) == Beat::ping);
  CHECK(!heartbeat.note_pong(heartbeat.ping_value() + 1));
  CHECK(!heartbeat.round_trip());
  heartbeat.note_received(kBegin + seconds(17));
  CHECK(heartbeat.note_pong(heartbeat.ping_value()));
  CHECK(heartbeat.round_trip() == Duration(seconds(2)));
  CHECK(!heartbeat.note_pong(heartbeat.ping_value()));
  CHECK(heartbeat.on_time(kBegin + seconds(32)) == Beat::ping);
}

TEST_CASE("heartbeats can be left out") {
  SessionOptions options;
  options.heartbeat = kNoTimeout;
  options.silence_max = kNoTimeout;
  Heartbeat heartbeat(options, kBegin);
  heartbeat.note_hello();
  CHECK(heartbeat.next().is_never());
  CHECK(heartbeat.on_time(kBegin + std::chrono::hours(10'000)) == Beat::nothing);
}

}  // namespace hotline::session::heartbeat_test
