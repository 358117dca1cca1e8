#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "session/driver.h"
#include "support/loops.h"
#include "support/session_pair.h"

namespace hotline::session::driver_writing_test {
namespace {

using test::on_each_engine;
using test::pair_options;
using test::SessionPair;

/// A flow from one end of a session to the other.
struct OneFlow {
  explicit OneFlow(const SessionOptions& options = pair_options())
      : sessions(options),
        from(sessions.client.open({1, 0}, {}).value()),
        to(sessions.server.accept().value()) {
    REQUIRE(to.accept());
    REQUIRE(from.answer());
  }

  SessionPair sessions;
  SessionStream from;
  SessionStream to;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

TEST_CASE("many bytes arrive complete and in order if the socket takes only a part of them") {
  on_each_engine([] {
    SessionOptions generous = pair_options();
    generous.flow_credit = 8U << 20;
    OneFlow flow(generous);
    const std::string sent = pattern(6'000'000);
    std::string arrived;
    TaskGroup both;
    REQUIRE(both.spawn("write", [&] {
      REQUIRE(flow.from.write(0, as_bytes(sent)));
      REQUIRE(flow.from.end(0));
    }));
    REQUIRE(both.spawn("read", [&] { arrived = test::read_all(flow.to, 0); }));
    REQUIRE(both.join());
    CHECK((arrived == sent));
  });
}

TEST_CASE("pieces of many sizes arrive complete and in order") {
  on_each_engine([] {
    OneFlow flow;
    const std::string sent = pattern(2'000'000);
    std::string arrived;
    TaskGroup both;
    REQUIRE(both.spawn("write", [&] {
      std::size_t size = 1;
      for (Bytes left = as_bytes(sent); !left.empty(); size = size * 3 % 200'003) {
        const Bytes piece = left.first(std::min(size, left.size()));
        REQUIRE(flow.from.write(0, piece));
        left = left.subspan(piece.size());
      }
      REQUIRE(flow.from.end(0));
    }));
    REQUIRE(both.spawn("read", [&] { arrived = test::read_all(flow.to, 0); }));
    REQUIRE(both.join());
    CHECK((arrived == sent));
  });
}

TEST_CASE("what was queued before many bytes arrives before them") {
  on_each_engine([] {
    OneFlow flow;
    const std::string sent = pattern(40'000);
    REQUIRE(flow.from.send({.payload = as_bytes("first")}));
    REQUIRE(flow.from.write(0, as_bytes(sent)));
    CHECK(flow.to.wait_any().value() == kMessageFlow);
    CHECK(flow.to.receive().value().payload == "first");
    std::string arrived;
    while (arrived.size() < sent.size()) arrived += as_text(flow.to.read(0).value());
    CHECK((arrived == sent));
  });
}

TEST_CASE("a message that follows many bytes at once arrives after them") {
  on_each_engine([] {
    OneFlow flow;
    const std::string sent = pattern(40'000);
    REQUIRE(flow.from.write(0, as_bytes(sent)));
    REQUIRE(flow.from.send({.payload = as_bytes("last")}));
    CHECK(flow.to.receive().value().payload == "last");
    CHECK((as_text(flow.to.read(0).value()) == sent));
  });
}

}  // namespace
}  // namespace hotline::session::driver_writing_test
