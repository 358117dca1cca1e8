#include "hotline/services/upper.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/server/serve.h"
#include "hotline/sim/world.h"
#include "support/sockets.h"

namespace hotline::upper_test {
namespace {

std::string upper_of(std::string text) {
  to_upper(std::as_writable_bytes(std::span(text)));
  return text;
}

char model(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

TEST_CASE("of all byte values only a to z change") {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    CAPTURE(value);
    CHECK(upper_of(std::string(1, c)) == std::string(1, model(c)));
  }
}

TEST_CASE("text in UTF-8 keeps every byte that is not ASCII") {
  CHECK(upper_of("grüße, 世界, naïve ß") == "GRüßE, 世界, NAïVE ß");
}

TEST_CASE("the answer is the same bytes, in place") {
  std::string text = "abc";
  const MutableBytes bytes = std::as_writable_bytes(std::span(text));
  const MutableBytes upper_bytes = to_upper(bytes);
  CHECK(upper_bytes.data() == bytes.data());
  CHECK(upper_bytes.size() == bytes.size());
  CHECK(to_upper({}).empty());
}

TEST_CASE("a message is answered with itself, in upper case, in place") {
  std::string text = "abc";
  const Endpoint peer = *Endpoint::parse("udp://127.0.0.1:9999");
  const Message message(std::as_writable_bytes(std::span(text)), peer);
  const Reply reply = upper_message(message);
  CHECK(text == "ABC");
  CHECK(reply.bytes().data() == message.bytes().data());
  CHECK(reply.bytes().size() == 3);
}

namespace {

/// A world whose clock can have any time, to answer a datagram of `text` in.
struct Datagrams {
  int answered = 0;
  int unanswered = 0;

  void ask(const std::string& text, int times, MessageHandler handler = upper_message) {
    sim::World world(1);
    world.host("a").run([&] {
      const auto socket = bind_datagrams(*Endpoint::parse("udp://:8000"));
      REQUIRE(socket);
      for (int i = 0; i < times; ++i) {
        std::string bytes = text;
        const DatagramRoute route{};
        const Datagram datagram{.bytes = std::as_writable_bytes(std::span(bytes)), .route = &route};
        const bool has_reply = handler(Message(*socket, datagram)).has_value();
        ++(has_reply ? answered : unanswered);
        REQUIRE(sleep_for(std::chrono::nanoseconds(12'345)));
      }
    });
    const sim::Outcome outcome = world.run();
    INFO(outcome.to_string());
    CHECK(outcome.holds());
  }
};

}  // namespace

TEST_CASE("every datagram with something to change to upper case is answered") {
  Datagrams datagrams;
  datagrams.ask("HELLo", 20'000);
  CHECK(datagrams.unanswered == 0);
}

TEST_CASE("one in some thousand datagrams that could be another server's replies is not answered") {
  for (const char* text : {"", "HELLO", "123 \xc3\x9f"}) {
    Datagrams datagrams;
    datagrams.ask(text, 100'000);
    CHECK(datagrams.unanswered > 3);
    CHECK(datagrams.unanswered < 40);
  }
}

TEST_CASE("if only one message is answered, every complete datagram is") {
  for (const char* text : {"", "HELLO", "hello", "123 \xc3\x9f"}) {
    Datagrams datagrams;
    datagrams.ask(text, 20'000, upper_message_once);
    CHECK(datagrams.unanswered == 0);
  }
}

TEST_CASE("two servers that are made to answer each other stop after a while") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    sim::World world(seed, {.time_max = std::chrono::minutes(1)});
    const std::string address = world.host("a").address();
    world.host("a").run([] { serve("udp://:8000", upper_message); });
    world.host("b").run([&] {
      DatagramRoute to_a;
      to_a.peer = test::ipv4_address(8000, address.c_str());
      {
        // What A receives from here is answered to the server that takes over this port.
        auto socket = bind_datagrams(*Endpoint::parse("udp://0.0.0.0:8000"));
        REQUIRE(socket);
        REQUIRE(socket->send({as_bytes("ping"), &to_a}));
      }
      serve("udp://:8000", upper_message);
    });
    const sim::Outcome outcome = world.run();
    INFO(outcome.to_string());
    CHECK(outcome.holds());
    CHECK(outcome.simulated > std::chrono::milliseconds(1));
  }
}

TEST_CASE("a datagram whose end is lost is not answered") {
  sim::World world(1);
  world.host("a").run([] {
    const auto socket = bind_datagrams(*Endpoint::parse("udp://:8000"));
    REQUIRE(socket);
    std::string text = "hello";
    const Datagram datagram{.bytes = std::as_writable_bytes(std::span(text)), .is_truncated = true};
    CHECK_FALSE(upper_message(Message(*socket, datagram)).has_value());
    CHECK_FALSE(upper_message_once(Message(*socket, datagram)).has_value());
  });
  CHECK(world.run().holds());
}

TEST_CASE("every size and alignment gives the same as one byte at a time") {
  std::string source(400, '\0');
  unsigned state = 1;
  for (char& c : source) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
  for (std::size_t start = 0; start < 64; start += 3) {
    for (std::size_t size = 0; size <= 300; ++size) {
      std::string text = source;
      to_upper(std::as_writable_bytes(std::span(text)).subspan(start, size));
      std::string expected = source;
      for (std::size_t i = start; i < start + size; ++i) expected[i] = model(expected[i]);
      REQUIRE(text == expected);
    }
  }
}

}  // namespace hotline::upper_test
