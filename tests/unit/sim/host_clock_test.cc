#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/clock_status.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/sim/world.h"
#include "support/loops.h"

// The wall clock of a host: its status, and the times of datagrams.

namespace hotline::sim::host_clock_test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using WallTime = std::chrono::system_clock::time_point;

constexpr Duration kLatency = milliseconds(2);

// 2026-01-01 00:00:00 UTC, when each world begins.
constexpr WallTime kBeginning{seconds(1'767'225'600)};

WorldOptions steady() { return {.latency_min = kLatency, .latency_max = kLatency}; }

DatagramSocket noting(const std::string& uri, TimestampUse use) {
  DatagramSocket socket = std::move(bind_datagrams(uri).value());
  REQUIRE(socket.note_times(use));
  return socket;
}

void finish(World& world) {
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
}

OutgoingDatagram timed(std::string_view text, const DatagramRoute* route = nullptr) {
  return {as_bytes(text), route, SentTime::wanted};
}

/// Returns when `count` datagrams arrived at udp://:8000 of this host, which reads them late.
std::vector<WallTime> arrivals(std::size_t count, TimestampUse use = TimestampUse::received) {
  DatagramSocket server = noting("udp://:8000", use);
  CHECK(sleep_for(seconds(60)));
  std::vector<WallTime> times;
  while (times.size() < count) {
    const auto datagram = server.receive(deadline_after(seconds(1)));
    REQUIRE(datagram);
    REQUIRE(datagram->received_at);
    times.push_back(*datagram->received_at);
  }
  return times;
}

/// Sends `count` datagrams to udp://a:8000, one each second. Returns the times of its own clock.
std::vector<WallTime> send_each_second(int count) {
  DatagramSocket client = std::move(connect_datagrams("udp://a:8000").value());
  std::vector<WallTime> times;
  for (int i = 0; i < count; ++i) {
    CHECK(sleep_for(seconds(1)));
    times.push_back(wall_clock_now());
    REQUIRE(client.send({as_bytes("x")}));
  }
  return times;
}

}  // namespace

TEST_CASE("a datagram carries the time of its arrival by the receiver's clock") {
  for (const TimestampUse use : {TimestampUse::received, TimestampUse::received_and_sent}) {
    World world(1, steady());
    world.host("a").step_clock(seconds(10));
    std::vector<WallTime> sent;
    std::vector<WallTime> got;
    world.host("a").run([&] { got = arrivals(3, use); });
    world.host("b").run([&] { sent = send_each_second(3); });
    finish(world);
    REQUIRE(got.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(got[i] - sent[i] == seconds(10) + kLatency);
  }
}

TEST_CASE("the times of arrival follow the drift and the steps of the clock") {
  World world(1, steady());
  Host a = world.host("a");
  a.set_clock_drift(100);
  std::vector<WallTime> sent;
  std::vector<WallTime> got;
  a.run([&] { got = arrivals(4); });
  world.host("b").run([&] { sent = send_each_second(4); });
  world.at(milliseconds(2'500), [&] { a.step_clock(-seconds(3600)); });
  finish(world);
  REQUIRE(got.size() == 4);
  for (int i = 0; i < 4; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Duration elapsed = sent[at] + kLatency - kBeginning;
    const Duration drift = elapsed / 10'000;
    const Duration step = i < 2 ? seconds(0) : -seconds(3600);
    CHECK(got[at] - sent[at] == kLatency + drift + step);
  }
}

TEST_CASE("a clock that drifts slowly never goes back") {
  World world(1, steady());
  world.host("a").set_clock_drift(-500);
  world.host("a").run([] {
    WallTime last = wall_clock_now();
    for (int i = 0; i < 2'000; ++i) {
      CHECK(sleep_for(nanoseconds(3'333)));
      const WallTime next = wall_clock_now();
      CHECK(next > last);
      last = next;
    }
  });
  finish(world);
}

TEST_CASE("UNIX datagrams carry the time of their arrival, and no sent time") {
  World world(1);
  world.host("a").run([] {
    DatagramSocket server = noting("unixgram:@times", TimestampUse::received);
    DatagramSocket client = std::move(connect_datagrams("unixgram:@times").value());
    CHECK(test::kind_of(client.note_times(TimestampUse::received_and_sent)) == "unsupported");
    const WallTime sent = wall_clock_now();
    REQUIRE(client.send(timed("x")));
    CHECK(sleep_for(seconds(1)));
    CHECK(server.receive().value().received_at == sent);
  });
  finish(world);
}

TEST_CASE(
    "without a request there is no time, and one that arrived before it has that of reading") {
  World world(1, steady());
  std::vector<WallTime> sent;
  world.host("a").run([&] {
    DatagramSocket server = std::move(bind_datagrams("udp://:8000").value());
    CHECK_FALSE(server.receive().value().received_at);
    CHECK(sleep_for(seconds(5)));
    REQUIRE(server.note_times(TimestampUse::received));
    CHECK(server.receive().value().received_at == wall_clock_now());
  });
  world.host("b").run([&] { sent = send_each_second(2); });
  finish(world);
}

TEST_CASE("sent times are those of the sender's clock, and the packets end with the datagrams") {
  for (const char* uri : {"udp://a:8000", "udp://[fd00::1]:8000", "udp://127.0.0.1:8000"}) {
    CAPTURE(uri);
    World world(1, steady());
    world.host("a").run([&, uri = std::string(uri)] {
      DatagramSocket server = std::move(bind_datagrams("udp://:8000").value());
      DatagramSocket client = std::move(connect_datagrams(uri).value());
      REQUIRE(client.note_times(TimestampUse::received_and_sent));
      CHECK(client.take_sent().value().empty());
      REQUIRE(client.send(timed("one")));
      REQUIRE(client.send({as_bytes("silent")}));
      const WallTime at = wall_clock_now();
      CHECK(sleep_for(seconds(1)));
      REQUIRE(client.send(timed("two")));
      const auto sent = client.take_sent().value();
      REQUIRE(sent.size() == 2);
      CHECK(as_text(sent[0].bytes).ends_with("one"));
      CHECK(sent[0].bytes.size() > 3);
      CHECK(sent[0].sent_at == at);
      CHECK(as_text(sent[1].bytes).ends_with("two"));
      CHECK(sent[1].sent_at == at + seconds(1));
      CHECK(client.take_sent().value().empty());
    });
    finish(world);
  }
}

TEST_CASE("a reply leaves from the address that was called, and has a sent time") {
  World world(1, steady());
  std::string reply;
  world.host("a").run([] {
    DatagramSocket server = noting("udp://:8000", TimestampUse::received_and_sent);
    const auto asked = server.receive();
    REQUIRE(asked);
    const DatagramRoute route = *asked->route;
    REQUIRE(server.send(timed("answers", &route)));
    CHECK(server.take_sent().value().size() == 1);
  });
  const std::string second = world.host("a").address(1);
  world.host("b").run([&, second] {
    CHECK(sleep_for(seconds(1)));
    DatagramSocket client = std::move(connect_datagrams("udp://" + second + ":8000").value());
    REQUIRE(client.send({as_bytes("asks")}));
    reply = as_text(client.receive(deadline_after(seconds(5))).value().bytes);
  });
  finish(world);
  CHECK(reply == "answers");
}

TEST_CASE("a datagram that is lost on the way has a sent time, and no arrival") {
  WorldOptions options = steady();
  options.faults.set(Fault::datagram_loss, 1'000'000);
  World world(1, options);
  world.host("a").run([] {
    DatagramSocket server = noting("udp://:8000", TimestampUse::received);
    CHECK(test::kind_of(server.receive(deadline_after(seconds(9)))) == "timed_out");
  });
  world.host("b").run([] {
    DatagramSocket client = std::move(connect_datagrams("udp://a:8000").value());
    REQUIRE(client.note_times(TimestampUse::received_and_sent));
    REQUIRE(client.send(timed("x")));
    CHECK(client.take_sent().value().size() == 1);
  });
  finish(world);
}

TEST_CASE("a world counts the datagrams that a full queue has lost") {
  WorldOptions options = steady();
  options.datagram_queue_bytes = 1'000;
  World world(1, options);
  world.host("a").run([] {
    DatagramSocket server = std::move(bind_datagrams("udp://:8000").value());
    CHECK(server.lost_datagrams().value_or(1) == 0);
    DatagramSocket client = std::move(connect_datagrams("udp://127.0.0.1:8000").value());
    for (int i = 0; i < 15; ++i) REQUIRE(client.send({as_bytes(std::string(100, 'x'))}));
    CHECK(sleep_for(seconds(1)));
    CHECK(server.lost_datagrams().value_or(0) == 5);
  });
  finish(world);
}

TEST_CASE("a host's clock is unsynchronised until the test says otherwise, each by itself") {
  World world(1);
  const ClockStatus good{.is_synchronised = true,
                         .leap = Leap::insert_second,
                         .error_max = milliseconds(7),
                         .error_estimate = microseconds(3),
                         .tai_offset_seconds = 37};
  world.host("a").set_clock_status(good);
  world.host("a").run([&] { CHECK(clock_status().value() == good); });
  world.host("b").run([] {
    const auto status = clock_status();
    REQUIRE(status);
    CHECK(*status == ClockStatus{});
    CHECK_FALSE(status->is_synchronised);
    CHECK(status->error_max == seconds(16));
    CHECK(status->leap == Leap::none);
    CHECK(clock_granularity() == clock_granularity());
    CHECK(clock_granularity() < microseconds(1));
  });
  finish(world);
}

TEST_CASE("two runs of one seed see the same times") {
  const auto run = [] {
    WorldOptions options{.faults = FaultPlan::of_seed(7)};
    options.faults.set(Fault::clock_step, 100'000);
    World world(7, options);
    std::vector<std::int64_t> seen;
    world.host("a").run([&] {
      DatagramSocket server = noting("udp://:8000", TimestampUse::received);
      while (const auto datagram = server.receive(deadline_after(seconds(30)))) {
        seen.push_back(datagram->received_at->time_since_epoch().count());
      }
    });
    world.host("b").run([] {
      if (auto client = connect_datagrams("udp://a:8000")) {
        for (int i = 0; i < 50; ++i) static_cast<void>(client->send({as_bytes("x")}));
      }
    });
    world.run();
    return seen;
  };
  const auto first = run();
  CHECK(first == run());
}

}  // namespace hotline::sim::host_clock_test
