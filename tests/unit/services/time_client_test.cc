#include "hotline/services/time_client.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/server/serve.h"
#include "hotline/services/time.h"
#include "hotline/sim/world.h"

namespace hotline::time_client_test {
namespace {

using namespace std::chrono;

/// What `ask` sees on host b, where `serve` runs on host a.
void in_world(std::move_only_function<void()> server, std::move_only_function<void()> ask) {
  sim::World world(1);
  world.host("a").run(std::move(server));
  world.host("b").run(std::move(ask));
  const sim::Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
}

void serve_time() {
  const auto clock = [] { return system_clock::time_point(sys_days(2026y / July / 5) + 14h); };
  serve("udp://:8000", TimeMessages::make({.zone = TimeZone(), .clock = clock}).value());
}

/// Answers the datagrams that have the numbers in `answered`, each with its number.
void answer_some(const std::vector<int>& answered) {
  auto socket = bind_datagrams("udp://:8000");
  REQUIRE(socket);
  for (int number = 1; number <= answered.back(); ++number) {
    const auto request = socket->receive();
    REQUIRE(request);
    if (std::ranges::count(answered, number) == 0) continue;
    const std::string text = std::to_string(number);
    REQUIRE(socket->send({as_bytes(text), request->route}));
  }
}

}  // namespace

TEST_CASE("a client gets the time in its format, and in the usual one without a format") {
  in_world(serve_time, [] {
    auto client = TimeClient::connect("udp://a:8000").value();
    CHECK(client.ask("%d.%m.%Y %H:%M").value() == "05.07.2026 14:00");
    CHECK(client.ask().value() == "2026-07-05-14:00:00");
    CHECK(client.ask("error: %Y").value() == "error: 2026");
  });
}

TEST_CASE("an error text of the server is an error") {
  in_world(serve_time, [] {
    auto client = TimeClient::connect("udp://a:8000").value();
    const auto refused = client.ask("%Q");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid_argument);
    CHECK(refused.error().message().contains("the server says: unknown conversion 'Q'"));
    CHECK(client.ask("%Y").value() == "2026");
  });
}

TEST_CASE("a request without a reply is sent again") {
  in_world([] { answer_some({3}); },
           [] { CHECK(TimeClient::connect("udp://a:8000")->ask("%Y").value() == "3"); });
}

TEST_CASE("a server that stays silent is asked as often as the options say") {
  in_world([] { answer_some({4}); },
           [] {
             auto client = TimeClient::connect("udp://a:8000", {.tries_max = 2}).value();
             const Instant before = now();
             const auto refused = client.ask("%Y");
             REQUIRE_FALSE(refused);
             CHECK(refused.error().kind == ErrorKind::timed_out);
             CHECK(now() - before == 2s);
             CHECK(client.ask("%Y").value() == "4");
           });
}

TEST_CASE("a late reply to an earlier request is not taken for that of the next") {
  in_world(
      [] {
        auto socket = bind_datagrams("udp://:8000");
        REQUIRE(socket);
        for (const char* text : {"first", "late", "second"}) {
          const auto request = socket->receive();
          REQUIRE(request);
          // The first reply comes after the request was sent again, and its double soon after.
          if (text == std::string_view("first")) REQUIRE(sleep_for(1'100ms));
          REQUIRE(socket->send({as_bytes(text), request->route}));
          REQUIRE(sleep_for(20ms));  // Longer than datagrams differ in their time.
        }
      },
      [] {
        auto client = TimeClient::connect("udp://a:8000").value();
        CHECK(client.ask("%Y").value() == "first");
        REQUIRE(sleep_for(1s));
        CHECK(client.ask("%m").value() == "second");
      });
}

TEST_CASE("where no server is, the client is refused") {
  in_world([] {},
           [] {
             auto client = TimeClient::connect("udp://a:8000").value();
             const auto refused = client.ask("%Y");
             REQUIRE_FALSE(refused);
             CHECK(refused.error().kind == ErrorKind::refused);
           });
  CHECK_FALSE(TimeClient::connect("nowhere"));
}

}  // namespace hotline::time_client_test
