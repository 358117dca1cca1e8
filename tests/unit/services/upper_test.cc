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

  void ask(const std::string& text, int times, MessageHandler handler = UpperMessages()) {
    sim::World world(1);
    world.host("a").run([&] {
      const auto socket = bind_datagrams(*Endpoint::parse("udp://:8000"));
      REQUIRE(socket);
      // Not an assertion for each: a thread sanitizer makes them slow.
      bool has_slept = true;
      for (int i = 0; i < times; ++i) {
        std::string bytes = text;
        const DatagramRoute route{};
        const Datagram datagram{.bytes = std::as_writable_bytes(std::span(bytes)), .route = &route};
        const bool has_reply = handler(Message(*socket, datagram)).has_value();
        ++(has_reply ? answered : unanswered);
        has_slept = sleep_for(std::chrono::nanoseconds(12'345)) && has_slept;
      }
      REQUIRE(has_slept);
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

TEST_CASE("a caller that sends the same without lower case 10,000 times gets every reply") {
  for (const char* text : {"", "HELLO", "123 \xc3\x9f"}) {
    Datagrams datagrams;
    datagrams.ask(text, 10'000);
    CHECK(datagrams.unanswered == 0);
  }
}

TEST_CASE("only the 16,384th of equal datagrams without lower case is not answered") {
  for (const char* text : {"", "HELLO", "123 \xc3\x9f"}) {
    Datagrams datagrams;
    datagrams.ask(text, 16'383);
    CHECK(datagrams.unanswered == 0);
    datagrams.ask(text, 16'384);
    CHECK(datagrams.unanswered == 1);
    datagrams.ask(text, 32'768);
    CHECK(datagrams.unanswered == 3);
  }
}

TEST_CASE("different texts without lower case are not taken for the replies of another server") {
  sim::World world(1);
  world.host("a").run([] {
    const UpperMessages answer;
    const auto socket = bind_datagrams("udp://:8000");
    REQUIRE(socket);
    int answered = 0;
    for (int i = 0; i < 40'000; ++i) {
      std::string bytes = std::to_string(i);
      const DatagramRoute route{};
      const Datagram datagram{.bytes = std::as_writable_bytes(std::span(bytes)), .route = &route};
      if (answer(Message(*socket, datagram)).has_value()) ++answered;
    }
    CHECK(answered == 40'000);
  });
  CHECK(world.run().holds());
}

TEST_CASE("a single message is answered whatever it is") {
  for (const char* text : {"", "HELLO", "hello", "123 \xc3\x9f"}) {
    Datagrams datagrams;
    datagrams.ask(text, 20'000, upper_message);
    CHECK(datagrams.unanswered == 0);
  }
}

TEST_CASE("two servers that are made to answer each other stop after a while") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    sim::World world(seed, {.time_max = std::chrono::minutes(10)});
    const std::string address = world.host("a").address();
    world.host("a").run([] { serve("udp://:8000", UpperMessages()); });
    world.host("b").run([&] {
      DatagramRoute to_a;
      to_a.peer = test::ipv4_address(8000, address.c_str());
      {
        // What A receives from here is answered to the server that takes over this port.
        auto socket = bind_datagrams(*Endpoint::parse("udp://0.0.0.0:8000"));
        REQUIRE(socket);
        REQUIRE(socket->send({as_bytes("ping"), &to_a}));
      }
      serve("udp://:8000", UpperMessages());
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
    CHECK_FALSE(UpperMessages()(Message(*socket, datagram)).has_value());
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
