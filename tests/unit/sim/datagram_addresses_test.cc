#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/sim/world.h"

// A name with several addresses, called with datagrams: "localhost" is ::1 and 127.0.0.1.

namespace hotline::sim::datagram_addresses_test {
namespace {

using std::chrono::seconds;

DatagramSocket bound(const std::string& uri) {
  return std::move(bind_datagrams(*Endpoint::parse(uri)).value());
}

DatagramSocket caller() {
  return std::move(connect_datagrams(*Endpoint::parse("udp://localhost:8000")).value());
}

/// Answers datagrams with `name` and their text until drained.
void answer(const std::string& uri, const std::string& name) {
  DatagramSocket server = bound(uri);
  while (const auto datagram = server.receive()) {
    const std::string reply = name + " " + std::string(as_text(datagram->bytes));
    static_cast<void>(server.send({as_bytes(reply), datagram->route}));
  }
}

/// Returns what arrives within a second, or the error.
std::string reply_to(DatagramSocket& socket) {
  const auto reply = socket.receive(deadline_after(seconds(1)));
  return reply ? std::string(as_text(reply->bytes))
               : "<" + std::string(name_of(reply.error().kind)) + ">";
}

void say(DatagramSocket& socket, const char* text) { REQUIRE(socket.send({as_bytes(text)})); }

/// Runs `call` beside servers at `uris`.
void beside(const std::vector<std::string>& uris, std::function<void()> call) {
  World world(1);
  Host host = world.host("a");
  for (const std::string& uri : uris) host.run([uri] { answer(uri, "at " + uri); });
  host.run([&] {
    REQUIRE(sleep_for(seconds(1)));
    call();
  });
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
}

}  // namespace

TEST_CASE("an address that refuses is skipped, and the same datagram goes to the next") {
  beside({"udp://127.0.0.1:8000"}, [] {
    DatagramSocket socket = caller();
    say(socket, "one");
    CHECK(reply_to(socket) == "at udp://127.0.0.1:8000 one");
    CHECK(socket.endpoint().to_uri() == "udp://127.0.0.1:8000");
    say(socket, "two");
    CHECK(reply_to(socket) == "at udp://127.0.0.1:8000 two");
  });
}

TEST_CASE("the first address is used as long as it answers") {
  beside({"udp://127.0.0.1:8000", "udp://[::1]:8000"}, [] {
    DatagramSocket socket = caller();
    for (const char* text : {"one", "two"}) {
      say(socket, text);
      CHECK(reply_to(socket) == std::string("at udp://[::1]:8000 ") + text);
    }
    // A later loss changes nothing.
    CHECK(reply_to(socket) == "<timed_out>");
    say(socket, "three");
    CHECK(reply_to(socket) == "at udp://[::1]:8000 three");
  });
}

TEST_CASE("a silent address is followed by the next when a datagram is repeated") {
  beside({"udp://127.0.0.1:8000"}, [] {
    const DatagramSocket silent = bound("udp://[::1]:8000");
    DatagramSocket socket = caller();
    say(socket, "one");
    CHECK(reply_to(socket) == "<timed_out>");
    say(socket, "one");
    CHECK(reply_to(socket) == "at udp://127.0.0.1:8000 one");
  });
}

TEST_CASE("if no address answers, the first follows the last") {
  beside({}, [] {
    DatagramSocket late = bound("udp://[::1]:8000");
    const DatagramSocket silent = bound("udp://127.0.0.1:8000");
    DatagramSocket socket = caller();
    for (int i = 0; i < 3; ++i) {
      say(socket, "hello");
      if (i < 2) CHECK(reply_to(socket) == "<timed_out>");
    }
    for (int i = 0; i < 2; ++i) {
      const auto asked = late.receive(deadline_after(seconds(1)));
      REQUIRE(asked);
      if (i == 1) REQUIRE(late.send({as_bytes("at last"), asked->route}));
    }
    CHECK(reply_to(socket) == "at last");
  });
}

TEST_CASE("if every address refuses, the last refusal is the error") {
  beside({}, [] {
    DatagramSocket socket = caller();
    say(socket, "hello");
    CHECK(reply_to(socket) == "<refused>");
  });
}

}  // namespace hotline::sim::datagram_addresses_test
