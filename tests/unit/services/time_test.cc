#include "hotline/services/time.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/net/datagram_socket.h"
#include "hotline/server/serve.h"
#include "hotline/sim/world.h"
#include "support/sockets.h"

namespace hotline::time_test {
namespace {

using namespace std::chrono;

constexpr system_clock::time_point kNow = sys_days(2026y / July / 5) + 14h + 3min + 9s;

TimeOptions fixed() {
  return {.zone = TimeZone(), .clock = [] { return kNow; }};
}

TimeMessages made(TimeOptions options = fixed()) {
  auto messages = TimeMessages::make(std::move(options));
  REQUIRE(messages);
  return *std::move(messages);
}

constexpr char kNone[] = "<none>";

std::string text_of(const Reply& reply) {
  return reply.has_value() ? std::string(as_text(reply.bytes())) : kNone;
}

/// Returns the reply to a message that is not a datagram.
std::string answer(const TimeMessages& messages, std::string text) {
  const Endpoint peer = *Endpoint::parse("tcp://192.0.2.1:9999");
  return text_of(messages(Message(as_writable_bytes(text), peer)));
}

/// Answers datagrams in a world, at times that a test chooses.
class Datagrams {
 public:
  explicit Datagrams(TimeOptions options = fixed()) : messages_(made(std::move(options))) {}

  std::string ask(std::string text, const SocketAddress& peer, bool is_truncated = false) {
    std::string reply;
    sim::World world(1);
    world.host("a").run([&] {
      const auto socket = bind_datagrams("udp://:8000");
      REQUIRE(socket);
      REQUIRE(sleep_for(elapsed));
      DatagramRoute route;
      route.peer = peer;
      const Datagram datagram{as_writable_bytes(text), is_truncated, &route};
      reply = text_of(messages_(Message(*socket, datagram)));
    });
    CHECK(world.run().holds());
    return reply;
  }

  int count_answered(const std::string& text, const SocketAddress& peer, int times) {
    int answered = 0;
    for (int i = 0; i < times; ++i) answered += ask(text, peer) == kNone ? 0 : 1;
    return answered;
  }

  Duration elapsed{};

 private:
  TimeMessages messages_;
};

SocketAddress near() { return test::ipv4_address(40'000); }
SocketAddress far() { return test::ipv4_address(40'000, "192.0.2.1"); }

Result<TimeOptions> taken(const std::string& uri) {
  const Endpoint endpoint = Endpoint::parse(uri).value();
  OptionTaker taker(endpoint, Side::server);
  auto options = TimeOptions::take_from(taker, {});
  if (options) CHECK(taker.finish());
  return options;
}

std::string refusal(const std::string& uri) {
  const auto options = taken(uri);
  return options ? "no refusal" : options.error().message() + "; " + options.error().hint();
}

}  // namespace

TEST_CASE("a message is answered with the time of the clock in its format") {
  CHECK(answer(made(), "") == "2026-07-05-14:03:09");
  CHECK(answer(made(), "%H:%M") == "14:03");
  CHECK(answer(made(), "%Q") == "error: unknown conversion 'Q'");
}

TEST_CASE("zone and clock are those of the options") {
  TimeOptions options = fixed();
  options.zone = TimeZone::find("ABC-1").value();
  CHECK(answer(made(options), "%T %Z") == "15:03:09 ABC");
  options.clock = [] { return system_clock::time_point(); };
  CHECK(answer(made(options), "%F %s") == "1970-01-01 0");
}

TEST_CASE("messages that are not datagrams are all answered") {
  const TimeMessages messages = made();
  for (int i = 0; i < 1'000; ++i) CHECK(answer(messages, "text") == "text");
}

TEST_CASE("a datagram from a port below 1024 is not answered") {
  Datagrams datagrams;
  constexpr std::uint16_t kReserved[] = {1, 7, 19, 123, 1023};
  for (const std::uint16_t port : kReserved) {
    CHECK(datagrams.ask("%Y", test::ipv4_address(port)) == kNone);
    CHECK(datagrams.ask("%Y", test::ipv6_address(port, "::1")) == kNone);
  }
  CHECK(datagrams.ask("%Y", test::ipv4_address(1024)) == "2026");
  CHECK(datagrams.ask("%Y", test::ipv6_address(65'535, "::1")) == "2026");
}

TEST_CASE("a datagram of a UNIX socket is answered") {
  CHECK(Datagrams().ask("%Y", SocketAddress("\1\0a", 3)) == "2026");
}

TEST_CASE("a datagram whose end is lost is not answered") {
  CHECK(Datagrams().ask("%Y", near(), true) == kNone);
}

TEST_CASE("a datagram that is an error text of such a server is not answered") {
  Datagrams datagrams;
  for (const char* request : {"%Q", "%", "\xff", "%999Y"}) {
    const std::string error = datagrams.ask(request, near());
    CHECK(error.starts_with("error: "));
    CHECK(datagrams.ask(error, near()) == kNone);
  }
  CHECK(datagrams.ask("error: %Y", near()) == "error: 2026");
  CHECK(datagrams.ask("error:", near()) == "error:");
}

TEST_CASE("of equal datagrams without a conversion the 64th and later ones are not answered") {
  for (const char* text : {"2026-07-05-14:03:09", "x"}) {
    Datagrams datagrams;
    CHECK(datagrams.count_answered(text, near(), 63) == 63);
    CHECK(datagrams.count_answered(text, near(), 100) == 0);
    CHECK(datagrams.ask("other", near()) == "other");
    datagrams.elapsed = 1'002ms;
    CHECK(datagrams.ask(text, near()) == text);
  }
}

TEST_CASE("datagrams that ask for the time are not taken for the replies of a server") {
  Datagrams datagrams;
  CHECK(datagrams.count_answered("", near(), 200) == 200);
  CHECK(datagrams.count_answered("%T", near(), 200) == 200);
}

TEST_CASE("by default sources on other machines are limited, and this machine is not") {
  Datagrams datagrams;
  CHECK(datagrams.count_answered("%T", near(), 100) == 100);
  CHECK(datagrams.count_answered("%T", far(), 100) == 20);
  datagrams.elapsed = 1s;
  CHECK(datagrams.count_answered("%T", far(), 100) == 10);
}

TEST_CASE("a limit that is given applies to this machine too, and can be taken away") {
  TimeOptions options = fixed();
  options.rates = SourceRateOptions::parse("1/s:3", {}).value();
  CHECK(Datagrams(options).count_answered("%T", near(), 10) == 3);
  options.rates = SourceRateOptions::parse("none", {}).value();
  CHECK(Datagrams(options).count_answered("%T", far(), 100) == 100);
}

TEST_CASE("the options of an endpoint choose zone, locale and limit") {
  const auto options = taken("udp://127.0.0.1:1?tz=ABC-2&locale=C.UTF-8&limit=5/s:1").value();
  CHECK(options.zone->name() == "ABC-2");
  CHECK(options.locale.name() == "C.UTF-8");
  CHECK(options.rates.burst == 1);
  const auto defaults = taken("udp://127.0.0.1:1").value();
  CHECK_FALSE(defaults.zone.has_value());
  CHECK(defaults.locale.name() == "C");
  CHECK(defaults.rates.sources == LimitedSources::other_machines);
}

TEST_CASE("an option that cannot be used is refused with its name and a hint") {
  CHECK(refusal("udp://127.0.0.1:1?tz=Mars").contains("the option 'tz'"));
  CHECK(refusal("udp://127.0.0.1:1?tz=Mars").contains("Europe/Berlin"));
  CHECK(refusal("udp://127.0.0.1:1?locale=xx").contains("the option 'locale'"));
  CHECK(refusal("udp://127.0.0.1:1?locale=xx").contains("locale -a"));
  CHECK(refusal("udp://127.0.0.1:1?limit=x").contains("the option 'limit'"));
}

TEST_CASE("the time follows the clock of the host when that is stepped, back too") {
  sim::World world(1);
  std::vector<std::string> replies;
  sim::Host server = world.host("a");
  server.run([] { serve("udp://:8000", TimeMessages::make({.zone = TimeZone()}).value()); });
  world.host("b").run([&] {
    auto socket = connect_datagrams("udp://a:8000");
    REQUIRE(socket);
    for (const Duration step : {Duration(0), Duration(days(7'305)), Duration(-days(7'305))}) {
      server.step_clock(step);
      REQUIRE(socket->send({as_bytes("%Y")}));
      const auto reply = socket->receive(deadline_after(1s));
      REQUIRE(reply);
      replies.emplace_back(as_text(reply->bytes));
    }
  });
  CHECK(world.run().holds());
  REQUIRE(replies.size() == 3);
  CHECK(std::stoi(replies[1]) == std::stoi(replies[0]) + 20);
  CHECK(replies[2] == replies[0]);
}

TEST_CASE("two servers that are made to answer each other stop soon") {
  for (const char* text : {"", "%Y", "text", "%Q", "error: x", "%%Y", "%%%%%%Y"}) {
    CAPTURE(text);
    sim::World world(1, {.time_max = std::chrono::minutes(10)});
    DatagramRoute to_a;
    to_a.peer = test::ipv4_address(8000, world.host("a").address().c_str());
    world.host("a").run([] { serve("udp://:8000", made()); });
    world.host("b").run([&] {
      {
        // What A receives from here is answered to the server that takes over this port.
        auto socket = bind_datagrams("udp://0.0.0.0:8000");
        REQUIRE(socket);
        REQUIRE(socket->send({as_bytes(text), &to_a}));
      }
      serve("udp://:8000", made());
    });
    const sim::Outcome outcome = world.run();
    INFO(outcome.to_string());
    CHECK(outcome.holds());
    CHECK(outcome.simulated < 1s);
  }
}

}  // namespace hotline::time_test
