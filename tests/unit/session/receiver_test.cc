#include "session/receiver.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/session_end.h"

namespace hotline::session::receiver_test {
namespace {

using Kind = SessionEvent::Kind;
using namespace hotline::test;

const SessionOptions kOptions = session_options();

/// A stream of a server in one phase, and which flow of it the peer sends.
struct Placed {
  SessionStreamId id = 1;
  std::uint8_t peer_flow = 0;
};

/// Brings a stream with one flow each way into `phase`.
Placed put_in(StreamPhase phase, SessionEnd& end) {
  const bool is_own = phase == StreamPhase::opening || phase == StreamPhase::opening_reset;
  if (is_own) {
    const SessionStreamId id = end.sender.open({1, 1}, {}).value().value();
    if (phase == StreamPhase::opening_reset) end.sender.reset(id, ResetCode::cancelled, {});
    return {id, 1};
  }
  if (phase == StreamPhase::unused) return {};
  end.feed(open_frame(1));
  if (phase == StreamPhase::offered) return {};
  REQUIRE(end.sender.accept(1, {}).value());
  if (phase == StreamPhase::open_reset) end.sender.reset(1, ResetCode::cancelled, {});
  if (phase == StreamPhase::reset_by_peer || phase == StreamPhase::closed) {
    end.feed(reset_frame(1));
  }
  if (phase == StreamPhase::closed) end.sender.reset(1, ResetCode::cancelled, {});
  return {};
}

struct FrameToSend {
  std::string_view name;
  Kind delivered;
  std::string (*bytes)(Placed);
};

constexpr std::uint8_t kMessage = kFirstMessageType;

const FrameToSend kFrames[] = {
    {"open", Kind::opened, [](Placed at) { return open_frame(at.id); }},
    {"accept", Kind::accepted, [](Placed at) { return accept_frame(at.id); }},
    {"data", Kind::data, [](Placed at) { return data_frame(at.id, at.peer_flow, 0, "x"); }},
    {"message", Kind::message, [](Placed at) { return plain_frame(kMessage, at.id, "x"); }},
    {"end", Kind::ended, [](Placed at) { return end_frame(at.id, at.peer_flow, 0); }},
    {"credit", Kind::credit,
     [](Placed at) { return credit_frame(at.id, static_cast<std::uint8_t>(1 - at.peer_flow), 1); }},
    {"reset", Kind::reset, [](Placed at) { return reset_frame(at.id); }},
};

/// `y`: delivered; `.`: neither delivered nor refused; `-`: refused.
std::string outcomes_in(StreamPhase phase) {
  std::string letters;
  for (const FrameToSend& each : kFrames) {
    SessionServer server;
    const Placed placed = put_in(phase, server);
    const Kind kind = kind_of(server, each.bytes(placed));
    if (kind == Kind::failed) {
      letters += '-';
      CHECK(failure_of(server) ==
            (each.name == "open" ? SessionCode::streams : SessionCode::protocol));
    } else {
      letters += kind == Kind::none ? '.' : 'y';
      if (kind != Kind::none) CHECK(kind == each.delivered);
    }
  }
  return letters;
}

}  // namespace

TEST_CASE(
    "each frame is delivered, dropped or refused as the table says, in each state of a stream") {
  // open, accept, data, message, end, credit, reset
  CHECK(outcomes_in(StreamPhase::unused) == "y------");
  CHECK(outcomes_in(StreamPhase::opening) == "-y----y");
  CHECK(outcomes_in(StreamPhase::offered) == "--yyyyy");
  CHECK(outcomes_in(StreamPhase::open) == "--yyyyy");
  CHECK(outcomes_in(StreamPhase::opening_reset) == "-.----.");
  CHECK(outcomes_in(StreamPhase::open_reset) == "--.....");
  CHECK(outcomes_in(StreamPhase::reset_by_peer) == "-------");
  CHECK(outcomes_in(StreamPhase::closed) == "-----..");
}

TEST_CASE("before HELLO nothing else is allowed, and HELLO only once") {
  for (const std::string& each : {goodbye_frame(0), ping_frame(1), pong_frame(1), open_frame(1),
                                  plain_frame(0x20, 0, ""), reset_frame(1)}) {
    SessionEnd end(SessionRole::server);
    CHECK(kind_of(end, each) == Kind::failed);
    CHECK(failure_of(end) == SessionCode::protocol);
  }
  std::string hello;
  append_hello(hello, SessionEnd::hello_of(kOptions));
  SessionEnd end(SessionRole::server);
  CHECK(kind_of(end, hello) == Kind::ready);
  CHECK(kind_of(end, hello) == Kind::failed);
  CHECK(failure_of(end) == SessionCode::protocol);
}

TEST_CASE("HELLO may have 4,096 bytes, and other protocols are recognised by their first bytes") {
  for (const std::string_view text : {"GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH_9.2\r\n"}) {
    SessionEnd end(SessionRole::server);
    CHECK(kind_of(end, text) == Kind::failed);
    CHECK(failure_of(end) == SessionCode::malformed);
    CHECK(end.core.failure->text == "did not begin with HELLO of a session");
  }
  std::string hello;
  append_hello(hello, SessionEnd::hello_of(kOptions));
  std::string longest = hello;
  longest.resize(kHeaderBytes + kHelloBytesMax);
  longest.replace(0, 4, std::string_view("\0\0\x10\0", 4));
  SessionEnd end(SessionRole::server);
  CHECK(kind_of(end, longest) == Kind::ready);
  SessionEnd longer(SessionRole::server);
  CHECK(kind_of(longer, plain_frame(1, 0, std::string(kHelloBytesMax + 1, 'x'))) == Kind::failed);
  CHECK(failure_of(longer) == SessionCode::too_large);
}

TEST_CASE("ends that speak other versions or protocols do not agree") {
  Hello hello = SessionEnd::hello_of(kOptions);
  hello.version_min = hello.version_max = 2;
  std::string bytes;
  append_hello(bytes, hello);
  SessionEnd later(SessionRole::server);
  CHECK(kind_of(later, bytes) == Kind::failed);
  CHECK(failure_of(later) == SessionCode::version);

  hello = SessionEnd::hello_of(kOptions);
  hello.version_max = 9;  // It speaks this version too.
  bytes.clear();
  append_hello(bytes, hello);
  SessionEnd both(SessionRole::server);
  CHECK(kind_of(both, bytes) == Kind::ready);

  hello.protocol = "test/2";
  bytes.clear();
  append_hello(bytes, hello);
  SessionEnd other(SessionRole::server);
  CHECK(kind_of(other, bytes) == Kind::failed);
  CHECK(failure_of(other) == SessionCode::other_protocol);
}

TEST_CASE("after a violation the peer gets GOODBYE with the code, and no byte is looked at") {
  SessionServer server;
  CHECK(kind_of(server, accept_frame(2) + open_frame(1)) == Kind::failed);
  CHECK(server.take() == goodbye_frame(0, SessionCode::protocol, server.core.failure->text));
  CHECK(server.core.failure->cause == SessionFailure::Cause::violated);
  CHECK(server.feed(open_frame(3)).empty());
  CHECK(server.core.streams.size() == 0);
}

TEST_CASE("a frame may have frame_max bytes") {
  SessionServer server;
  server.feed(open_frame(1));
  CHECK(kind_of(server, plain_frame(kMessage, 1, std::string(2'048, 'x'))) == Kind::message);
  CHECK(kind_of(server, plain_frame(kMessage, 1, std::string(2'049, 'x'))) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::too_large);
}

TEST_CASE("unknown frames are skipped, in any number, unless they are critical") {
  SessionServer server;
  for (int i = 0; i < 100; ++i) {
    CHECK(kind_of(server, plain_frame(0x0b, 7, std::string(2'048, 'x'), 0x7f)) == Kind::none);
  }
  CHECK(kind_of(server, open_frame(1)) == Kind::opened);
  CHECK(kind_of(server, plain_frame(0x3f, 0, "", 0x80)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::unknown_critical);
}

TEST_CASE("messages of types that the protocol lacks are skipped, and their credit is given back") {
  SessionServer server;
  server.feed(open_frame(1, {0, 0}, ""));
  REQUIRE(server.sender.accept(1, {}).value());
  server.take();
  CHECK(kind_of(server, plain_frame(0x43, 1, "x")) == Kind::message);  // The last known type.
  for (int i = 0; i < 100; ++i) {
    CHECK(kind_of(server, plain_frame(0x44, 1, std::string(1'000, 'x'))) == Kind::none);
    CHECK(server.take() == credit_frame(1, kMessageFlow, 1'000 + kMessageCost));
  }
  CHECK(kind_of(server, plain_frame(0x44, 1, "", 0x80)) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::unknown_critical);
}

TEST_CASE("messages that are skipped count as messages") {
  SessionServer server;
  server.feed(open_frame(1, {0, 0}));
  CHECK(kind_of(server, plain_frame(0x44, 1, "")) == Kind::none);
  CHECK(kind_of(server, end_frame(1, kMessageFlow, 1)) == Kind::ended);
}

TEST_CASE("an event has the fields of its frame") {
  SessionServer server;
  auto events = server.feed(open_frame(1, {1, 2}, "ls"));
  REQUIRE(events.size() == 1);
  CHECK(events[0].event.stream == 1);
  CHECK(events[0].event.flows == SessionFlows{1, 2});
  CHECK(events[0].event.cost == 2 + kMessageCost);
  CHECK(events[0].bytes == "ls");

  events = server.feed(plain_frame(0x41, 1, "hello", 0x85) + end_frame(1, 0, 0, "digest") +
                       reset_frame(1, ResetCode::limit, "why"));
  REQUIRE(events.size() == 3);
  CHECK(events[0].event.type == 0x41);
  CHECK(events[0].event.flags == 5);
  CHECK(events[0].event.cost == 5 + kMessageCost);
  CHECK(events[0].bytes == "hello");
  CHECK(events[1].event.flow == 0);
  CHECK(events[1].event.offset == 0);
  CHECK(!events[1].event.is_closed);
  CHECK(events[1].bytes == "digest");
  CHECK(events[2].event.code == ResetCode::limit);
  CHECK(!events[2].event.is_closed);
  CHECK(events[2].bytes == "why");
}

TEST_CASE("DATA is delivered in the pieces in which it arrives, each with its offset") {
  SessionServer server;
  server.feed(open_frame(1));
  const std::string bytes = data_frame(1, 0, 0, "hello") + data_frame(1, 0, 5, "world");
  std::string got;
  for (const char byte : bytes) {
    for (const KeptEvent& each : server.feed({&byte, 1})) {
      CHECK(each.event.kind == Kind::data);
      CHECK(each.event.offset == got.size());
      got += each.bytes;
    }
  }
  CHECK(got == "helloworld");
}

TEST_CASE("DATA over the credit is refused before any byte of it is delivered") {
  SessionServer server;
  server.feed(open_frame(1));
  CHECK(kind_of(server, data_frame(1, 0, 0, std::string(100, 'x'))) == Kind::data);
  server.core.grant(1, 0, 5);
  CHECK(kind_of(server, data_frame(1, 0, 100, std::string(6, 'x'))) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::credit);
}

TEST_CASE("nothing of a stream is delivered after its reset, not even the rest of a frame") {
  SessionServer server;
  server.feed(open_frame(1));
  REQUIRE(server.sender.accept(1, {}).value());
  const std::string data = data_frame(1, 0, 0, "hello");
  CHECK(kind_of(server, std::string_view(data).substr(0, data.size() - 2)) == Kind::data);
  const std::string message = plain_frame(kMessage, 1, "later");
  server.sender.reset(1, ResetCode::cancelled, {});
  CHECK(server.feed(std::string_view(data).substr(data.size() - 2)).empty());
  CHECK(server.feed(message + credit_frame(1, 1, 1) + end_frame(1, 0, 5)).empty());
  CHECK(server.feed(reset_frame(1)).empty());
  CHECK(server.core.streams.size() == 0);
  CHECK(!server.core.failure);
}

TEST_CASE("after a reset of this end, what arrives is still checked") {
  SessionServer server;
  server.feed(open_frame(1));
  server.sender.reset(1, ResetCode::cancelled, {});
  CHECK(kind_of(server, data_frame(1, 0, 3, "x")) == Kind::failed);
  CHECK(failure_of(server) == SessionCode::offset);
}

TEST_CASE("a reset that crosses the last frames of the peer closes the stream without an answer") {
  SessionServer server;
  server.feed(open_frame(1, {1, 0}));
  REQUIRE(server.sender.accept(1, {}).value());
  REQUIRE(server.sender.end(1, kMessageFlow, {}));
  server.sender.reset(1, ResetCode::not_needed, {});
  CHECK(server.feed(end_frame(1, 0, 0) + end_frame(1, kMessageFlow, 0)).empty());
  CHECK(server.core.streams.size() == 0);
}

TEST_CASE("the last END of both closes the stream, and late CREDIT and RESET are ignored") {
  SessionServer server;
  server.feed(open_frame(1, {1, 0}));
  REQUIRE(server.sender.accept(1, {}).value());
  REQUIRE(server.sender.end(1, kMessageFlow, {}));
  const auto events = server.feed(end_frame(1, 0, 0) + end_frame(1, kMessageFlow, 0));
  REQUIRE(events.size() == 2);
  CHECK(!events[0].event.is_closed);
  CHECK(events[1].event.is_closed);
  CHECK(server.feed(credit_frame(1, 1, 1) + reset_frame(1)).empty());
  CHECK(!server.core.failure);
}

}  // namespace hotline::session::receiver_test
