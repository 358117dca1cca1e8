#include "hotline/session/session_stream.h"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::session_stream_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;
using test::on_each_engine;
using test::pair_options;
using test::SessionPair;

/// One stream that is accepted, as both ends see it.
struct StreamPair {
  explicit StreamPair(SessionPair& sessions, SessionFlows flows = {1, 2})
      : opened(sessions.client.open(flows, {}).value()),
        accepted(sessions.server.accept().value()) {
    REQUIRE(accepted.accept());
    REQUIRE(opened.answer());
  }

  SessionStream opened;
  SessionStream accepted;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

/// Runs both at once: on fibers.
void at_once(const std::function<void()>& one, const std::function<void()>& other) {
  TaskGroup both;
  REQUIRE(both.spawn("one", one));
  REQUIRE(both.spawn("other", other));
  REQUIRE(both.join());
}

TEST_CASE("many bytes arrive complete and in order, in both directions at once") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions, {1, 1});
    const std::string sent = pattern(3'000'000);
    std::string there;
    std::string back;
    TaskGroup all;
    REQUIRE(all.spawn("there", [&] {
      REQUIRE(stream.opened.write(0, as_bytes(sent)));
      REQUIRE(stream.opened.end(0));
    }));
    REQUIRE(all.spawn("back", [&] {
      REQUIRE(stream.accepted.write(1, as_bytes(sent)));
      REQUIRE(stream.accepted.end(1));
    }));
    REQUIRE(all.spawn("read there", [&] { there = test::read_all(stream.accepted, 0); }));
    REQUIRE(all.spawn("read back", [&] { back = test::read_all(stream.opened, 1); }));
    REQUIRE(all.join());
    CHECK((there == sent));
    CHECK((back == sent));
  });
}

TEST_CASE("a flow that is not read stops neither another flow nor the messages") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    const std::size_t credit = pair_options().flow_credit;
    REQUIRE(stream.accepted.write(2, as_bytes(pattern(credit))));
    CHECK(kind_of(stream.accepted.write(2, as_bytes("x"), deadline_after(1ms))) == "timed_out");
    CHECK(kind_of(stream.accepted.wait_credit(2, deadline_after(1ms))) == "timed_out");
    REQUIRE(stream.accepted.wait_credit(1));
    REQUIRE(stream.accepted.write(1, as_bytes("goes on")));
    REQUIRE(stream.accepted.send({.payload = as_bytes("message")}));
    CHECK(as_text(stream.opened.read(1).value()) == "goes on");
    CHECK(stream.opened.receive().value().payload == "message");
    // Then the other one goes on too.
    at_once([&] { REQUIRE(stream.accepted.write(2, as_bytes("rest"))); },
            [&] {
              std::size_t size = 0;
              while (size < credit + 4) size += stream.opened.read(2).value().size();
              CHECK(size == credit + 4);
            });
  });
}

TEST_CASE("messages keep their order, types and flags, up to their end") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions, {});
    for (std::uint8_t i = 0; i < 3; ++i) {
      const std::string payload(i, 'm');
      const auto type = static_cast<std::uint8_t>(kFirstMessageType + i);
      REQUIRE(stream.opened.send({.type = type, .flags = i, .payload = as_bytes(payload)}));
    }
    REQUIRE(stream.opened.end(0).error().kind == ErrorKind::invalid_argument);
    REQUIRE(stream.opened.end_messages());
    for (std::uint8_t i = 0; i < 3; ++i) {
      const auto message = stream.accepted.receive();
      REQUIRE(message);
      CHECK(message->type == kFirstMessageType + i);
      CHECK(message->flags == i);
      CHECK(message->payload.size() == i);
    }
    CHECK(kind_of(stream.accepted.receive()) == "closed");
    CHECK(stream.accepted.flow_end(kMessageFlow).value().total == 3);
    CHECK(kind_of(stream.opened.send({})) == "invalid_argument");
  });
}

TEST_CASE("messages that are not received stop their sender, and nothing else") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    const std::string payload(60'000, 'm');
    Result<void> sent;
    std::size_t count = 0;
    while ((sent = stream.opened.send({.payload = as_bytes(payload)}, deadline_after(20ms)))) {
      ++count;
    }
    CHECK(kind_of(sent) == "timed_out");
    CHECK(count == pair_options().message_credit / (payload.size() + kMessageCost));
    REQUIRE(stream.opened.write(0, as_bytes("bytes")));
    CHECK(as_text(stream.accepted.read(0).value()) == "bytes");
    for (std::size_t i = 0; i < count; ++i) REQUIRE(stream.accepted.receive());
    CHECK(stream.opened.send({.payload = as_bytes(payload)}));
  });
}

TEST_CASE("wait_any returns the flow for which something came first, and ends with the stream") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    REQUIRE(stream.accepted.write(2, as_bytes("first")));
    REQUIRE(stream.accepted.send({.payload = as_bytes("second")}));
    REQUIRE(stream.accepted.write(1, as_bytes("third")));
    REQUIRE(stream.accepted.end(1));
    REQUIRE(stream.accepted.end(2));
    REQUIRE(stream.accepted.end_messages());
    std::string order;
    for (;;) {
      const auto flow = stream.opened.wait_any();
      if (!flow) {
        CHECK(kind_of(flow) == "closed");
        break;
      }
      order += *flow == kMessageFlow ? 'm' : static_cast<char>('0' + *flow);
      if (*flow == kMessageFlow) {
        discard(stream.opened.receive());
      } else {
        REQUIRE(stream.opened.read(*flow));
      }
      // All of it has arrived before the rest is looked at.
      if (order == "2m1") REQUIRE(sleep_for(5ms));
    }
    CHECK(order == "2m112m");
  });
}

TEST_CASE("a flow that is read only when wait_any names it goes on") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    const std::string sent = pattern(500'000);
    std::string got;
    at_once([&] { REQUIRE(stream.accepted.write(1, as_bytes(sent))); },
            [&] {
              while (got.size() < sent.size()) {
                REQUIRE(stream.opened.wait_any().value() == 1);
                got += as_text(stream.opened.read(1).value());
              }
            });
    CHECK((got == sent));
  });
}

TEST_CASE("wait_cut returns why the stream has ended early") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    CHECK(kind_of(stream.opened.wait_cut(deadline_after(1ms))) == "timed_out");
    stream.accepted.reset(ResetCode::limit);
    CHECK(kind_of(stream.opened.wait_cut()) == "reset");
    CHECK(kind_of(stream.accepted.wait_cut()) == "closed");
  });
}

TEST_CASE("a reset reaches the peer with its code and text, after what came before") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    REQUIRE(stream.accepted.write(1, as_bytes("before")));
    stream.accepted.reset(ResetCode::limit, "too much");
    CHECK(as_text(stream.opened.read(1).value()) == "before");
    const auto after = stream.opened.read(1);
    CHECK(kind_of(after) == "reset");
    CHECK(after.error().message().find("(limit): too much") != std::string::npos);
    CHECK(stream.opened.reset_by_peer().value().code == ResetCode::limit);
    CHECK(stream.opened.reset_by_peer().value().text == "too much");
    CHECK(kind_of(stream.opened.write(0, as_bytes("x"))) == "reset");
    CHECK(kind_of(stream.accepted.write(1, as_bytes("x"))) == "closed");
    CHECK(kind_of(stream.accepted.read(0)) == "closed");
  });
}

TEST_CASE("a stream that is dropped is reset, and frees its place") {
  on_each_engine([] {
    SessionPair sessions;
    {
      StreamPair stream(sessions);
      { const SessionStream dropped = std::move(stream.opened); }
      CHECK(kind_of(stream.accepted.receive()) == "reset");
      CHECK(stream.accepted.reset_by_peer().value().code == ResetCode::not_needed);
    }
    REQUIRE(sessions.client.open({}, {}));
    REQUIRE(sessions.server.accept());
    CHECK(sessions.server.stream_count() <= 1);
  });
}

TEST_CASE("a refused stream was not answered") {
  on_each_engine([] {
    SessionPair sessions;
    auto opened = sessions.client.open({}, {});
    auto offered = sessions.server.accept();
    REQUIRE(opened);
    REQUIRE(offered);
    offered->reset(ResetCode::refused, "busy");
    CHECK(kind_of(opened->answer()) == "reset");
    CHECK(kind_of(offered->accept()) == "closed");
  });
}

TEST_CASE("what this end may not read or send is an error and leaves the stream as it was") {
  on_each_engine([] {
    SessionPair sessions;
    StreamPair stream(sessions);
    CHECK(kind_of(stream.opened.write(1, as_bytes("x"))) == "invalid_argument");
    CHECK(kind_of(stream.opened.write(3, as_bytes("x"))) == "invalid_argument");
    CHECK(kind_of(stream.opened.write(kMessageFlow, as_bytes("x"))) == "invalid_argument");
    CHECK(kind_of(stream.opened.wait_credit(kMessageFlow)) == "invalid_argument");
    CHECK(kind_of(stream.opened.wait_credit(1)) == "invalid_argument");
    CHECK(kind_of(stream.opened.read(0)) == "invalid_argument");
    CHECK(kind_of(stream.opened.read(3)) == "invalid_argument");
    CHECK(kind_of(stream.opened.read(kMessageFlow)) == "invalid_argument");
    CHECK(kind_of(stream.opened.accept()) == "invalid_argument");
    CHECK(kind_of(stream.accepted.answer()) == "invalid_argument");
    CHECK(kind_of(stream.opened.end_messages()) == "invalid_argument");
    const std::string too_long(SessionOptions().frame_max + 1, 'x');
    CHECK(kind_of(stream.opened.send({.payload = as_bytes(too_long)})) == "too_large");
    REQUIRE(stream.opened.write(0, as_bytes("ok")));
    CHECK(as_text(stream.accepted.read(0).value()) == "ok");
  });
}

TEST_CASE("hundreds of streams at once each get what is theirs") {
  on_each_engine([] {
    SessionPair sessions;
    constexpr std::size_t kCount = 200;
    std::size_t right = 0;
    TaskGroup all;
    REQUIRE(all.spawn("server", [&] {
      TaskGroup handlers;
      for (std::size_t i = 0; i < kCount; ++i) {
        auto offered = sessions.server.accept();
        REQUIRE(offered);
        REQUIRE(handlers.spawn("handler", [stream = std::move(*offered)]() mutable {
          REQUIRE(stream.accept());
          for (int copy = 0; copy < 500; ++copy) REQUIRE(stream.write(0, stream.request()));
          REQUIRE(stream.end(0));
          REQUIRE(stream.end_messages());
          CHECK(kind_of(stream.receive()) == "closed");
        }));
      }
      REQUIRE(handlers.join());
    }));
    for (std::size_t i = 0; i < kCount; ++i) {
      REQUIRE(all.spawn("client", [&, i] {
        const std::string word = std::to_string(i) + ";";
        auto opened = sessions.client.open({0, 1}, as_bytes(word));
        REQUIRE(opened);
        std::string expected;
        for (int copy = 0; copy < 500; ++copy) expected += word;
        if (test::read_all(*opened, 0) == expected) ++right;
        REQUIRE(opened->end_messages());
        CHECK(kind_of(opened->receive()) == "closed");
      }));
    }
    REQUIRE(all.join());
    CHECK(right == kCount);
  });
}

TEST_CASE("threads without a loop use the streams of one session") {
  SessionPair sessions;
  std::thread server([&] {
    for (int i = 0; i < 4; ++i) {
      auto offered = sessions.server.accept();
      REQUIRE(offered);
      REQUIRE(offered->accept());
      const std::string all = test::read_all(*offered, 0);
      REQUIRE(offered->write(1, as_bytes(all)));
      REQUIRE(offered->end(1));
      REQUIRE(offered->end_messages());
      CHECK(kind_of(offered->receive()) == "closed");
    }
  });
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      auto opened = sessions.client.open({1, 1}, {});
      REQUIRE(opened);
      const std::string sent = pattern(static_cast<std::size_t>(1'000 + i));
      REQUIRE(opened->write(0, as_bytes(sent)));
      REQUIRE(opened->end(0));
      CHECK((test::read_all(*opened, 1) == sent));
      REQUIRE(opened->end_messages());
      CHECK(kind_of(opened->receive()) == "closed");
    });
  }
  for (std::thread& each : clients) each.join();
  server.join();
}

}  // namespace
}  // namespace hotline::session_stream_test
