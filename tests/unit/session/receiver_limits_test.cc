#include "session/receiver.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/session_end.h"

namespace hotline::session::receiver_limits_test {
namespace {

using Kind = SessionEvent::Kind;
using namespace hotline::test;

constexpr std::uint8_t kMessage = kFirstMessageType;

}  // namespace

TEST_CASE("a stream has at most flows_max flows") {
  SessionServer server;
  CHECK(kind_of(server, open_frame(1, {1, 2})) == Kind::opened);
  CHECK(kind_of(server, open_frame(3, {2, 2})) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::streams);
  SessionServer other;
  CHECK(kind_of(other, open_frame(1, {255, 255})) == Kind::failed);
}

TEST_CASE("a peer has at most streams_max streams, and a reset one counts until it is answered") {
  SessionServer server;
  for (SessionStreamId id = 1; id <= 7; id += 2) {
    CHECK(kind_of(server, open_frame(id)) == Kind::opened);
  }
  CHECK(kind_of(server, reset_frame(1)) == Kind::reset);
  server.sender.reset(1, ResetCode::cancelled, {});
  server.take();
  CHECK(kind_of(server, open_frame(9)) == Kind::opened);
  CHECK(kind_of(server, reset_frame(3)) == Kind::reset);
  CHECK(kind_of(server, open_frame(11)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::streams);
}

TEST_CASE("rapid resets end the session before they cost more than streams_max streams") {
  SessionServer server;
  int opened = 0;
  for (SessionStreamId id = 1; !server.core.failure; id += 2) {
    for (const KeptEvent& each : server.feed(open_frame(id) + reset_frame(id))) {
      opened += each.event.kind == Kind::opened ? 1 : 0;
    }
  }
  CHECK(opened == 4);
  CHECK(failure_of(server) == SessionCode::streams);
}

TEST_CASE("a peer that does not read the answers to its streams cannot make them pile up") {
  SessionServer server;
  std::size_t opened = 0;
  for (SessionStreamId id = 1; !server.core.failure && opened < 100; id += 2) {
    opened += server.feed(open_frame(id)).size();
    server.sender.reset(id, ResetCode::refused, std::string(kSessionTextMax, 'x'));
    CHECK(server.feed(reset_frame(id)).empty());
  }
  CHECK(opened == 5);  // The last one is the failure.
  CHECK(failure_of(server) == SessionCode::streams);
}

TEST_CASE("a place is free again as soon as the peer can know it") {
  SessionServer server;
  for (SessionStreamId id = 1; id < 50; id += 2) {
    CHECK(kind_of(server, open_frame(id, {0, 0})) == Kind::opened);
    if (id % 4 == 1) {
      server.sender.reset(id, ResetCode::refused, {});
    } else {
      REQUIRE(server.sender.accept(id, {}).value());
      REQUIRE(server.sender.end(id, kMessageFlow, {}));
    }
    server.take();
    server.feed(id % 4 == 1 ? reset_frame(id) : end_frame(id, kMessageFlow, 0));
    CHECK(server.core.streams.size() == 0);
  }
  CHECK(!server.core.failure);
}

TEST_CASE("ids of the peer rise, and are of its kind") {
  SessionServer server;
  CHECK(kind_of(server, open_frame(5)) == Kind::opened);
  for (const SessionStreamId id : {1U, 3U, 5U, 2U}) {
    SessionServer again;
    again.feed(open_frame(5));
    CHECK(kind_of(again, open_frame(id)) == Kind::failed);
    CHECK(failure_of(again) == SessionCode::streams);
  }
}

TEST_CASE("a PING is answered at once, and a second one before the answer has left is a flood") {
  SessionServer server;
  CHECK(kind_of(server, ping_frame(7)) == Kind::none);
  CHECK(server.take() == pong_frame(7));
  CHECK(kind_of(server, ping_frame(8)) == Kind::none);
  CHECK(kind_of(server, ping_frame(9)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::flood);
}

TEST_CASE("a PONG without a PING is a violation") {
  SessionServer server;
  CHECK(kind_of(server, pong_frame(0)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::protocol);
}

TEST_CASE("GOODBYE is answered, and no stream is opened after it") {
  SessionServer server;
  server.feed(open_frame(1));
  CHECK(kind_of(server, goodbye_frame(0)) == Kind::goodbye);
  CHECK(server.take() == goodbye_frame(1));
  CHECK(kind_of(server, data_frame(1, 0, 0, "x")) == Kind::data);  // Open streams finish.
  CHECK(!server.core.is_finished());
  CHECK(kind_of(server, open_frame(3)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::protocol);
}

TEST_CASE("GOODBYE comes once, except with a failure") {
  SessionServer server;
  server.feed(goodbye_frame(0));
  CHECK(kind_of(server, goodbye_frame(0)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::protocol);
  SessionServer other;
  other.feed(goodbye_frame(0));
  CHECK(kind_of(other, goodbye_frame(0, SessionCode::internal, "no memory")) == Kind::failed);
  CHECK(other.core.failure->cause == SessionFailure::Cause::by_peer);
  CHECK(other.core.failure->text == "no memory");
  CHECK(other.take().empty());
}

TEST_CASE("streams that the peer did not serve before GOODBYE end as refused, in order") {
  SessionServer server;
  for (int i = 0; i < 3; ++i) REQUIRE(server.sender.open({}, {}).value());
  server.feed(accept_frame(2));
  const auto events = server.feed(goodbye_frame(2));
  REQUIRE(events.size() == 3);
  CHECK(events[0].event.kind == Kind::goodbye);
  for (const std::size_t i : {1U, 2U}) {
    CHECK(events[i].event.kind == Kind::reset);
    CHECK(events[i].event.stream == 2 + 2 * i);
    CHECK(events[i].event.code == ResetCode::refused);
    CHECK(events[i].event.is_closed);
  }
  CHECK(server.core.streams.size() == 1);
}

TEST_CASE(
    "after GOODBYE frames above the last stream are ignored, also after one that crossed it") {
  SessionServer server;
  server.feed(open_frame(1));
  server.core.say_goodbye();
  const std::string late = open_frame(3) + data_frame(3, 0, 0, "x") + end_frame(3, 0, 1) +
                           plain_frame(kMessage, 3, "x") + reset_frame(3);
  CHECK(server.feed(late).empty());
  CHECK(kind_of(server, data_frame(1, 0, 0, "x")) == Kind::data);
  CHECK(kind_of(server, goodbye_frame(0)) == Kind::goodbye);
  CHECK(server.feed(data_frame(3, 0, 0, "x") + reset_frame(3)).empty());
  CHECK(kind_of(server, open_frame(5)) == Kind::failed);
}

TEST_CASE("an end of the connection is in order only if the session is finished") {
  SessionServer server;
  server.feed(goodbye_frame(0));
  CHECK(server.receiver.end().kind == Kind::none);
  CHECK(!server.core.failure);

  SessionServer cut;
  CHECK(cut.receiver.end().kind == Kind::failed);
  CHECK(cut.core.failure->cause == SessionFailure::Cause::cut);
  CHECK(cut.receiver.end().kind == Kind::none);

  SessionServer open;
  open.feed(open_frame(1) + goodbye_frame(0));
  CHECK(open.receiver.end().kind == Kind::failed);

  SessionServer within;
  within.feed(goodbye_frame(0) + ping_frame(1).substr(0, 1));
  CHECK(within.receiver.end().kind == Kind::failed);
}

}  // namespace hotline::session::receiver_limits_test
