#include "services/ntp_socket.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/server/server.h"
#include "hotline/services/ntp.h"
#include "hotline/sim/world.h"
#include "support/running_server.h"

namespace hotline::services::ntp_socket_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kCookie = 0x1122334455667788;

std::array<std::byte, NtpPacket::kBytes> request(std::uint64_t cookie = kCookie) {
  NtpPacket packet;
  packet.mode = NtpMode::client;
  packet.transmit_time = {cookie};
  std::array<std::byte, NtpPacket::kBytes> bytes;
  encode_ntp(packet, bytes);
  return bytes;
}

/// One reply, and the times at which the client sent its request and received it.
struct Sample {
  NtpPacket packet;
  WallTime sent;
  WallTime received;

  /// How far the server's clock is ahead of the client's, as the client works it out.
  Duration offset() const {
    const Duration there = packet.receive_time.nearest_to(sent) - sent;
    const Duration back = packet.transmit_time.nearest_to(received) - received;
    return (there + back) / 2;
  }
  Duration delay() const { return received - sent - (packet.transmit_time - packet.receive_time); }
};

std::optional<Sample> ask(DatagramSocket& socket, Duration patience = seconds(1),
                          std::uint64_t cookie = kCookie) {
  const auto bytes = request(cookie);
  Sample sample;
  sample.sent = wall_clock_now();
  if (!socket.send({.bytes = bytes})) return std::nullopt;
  const auto reply = socket.receive(deadline_after(patience));
  sample.received = wall_clock_now();
  if (!reply) return std::nullopt;
  const auto decoded = decode_ntp(reply->bytes);
  REQUIRE(decoded);
  sample.packet = decoded->packet;
  if (sample.packet.originate_time.value != cookie) return std::nullopt;
  return sample;
}

DatagramSocket client_of(const std::string& uri) {
  auto socket = connect_datagrams(uri);
  REQUIRE(socket);
  return std::move(*socket);
}

Handler local(LogSink* log = nullptr) {
  NtpOptions options;
  options.local_stratum = 5;
  options.log = log;
  auto handler = ntp_handler(options);
  REQUIRE(handler);
  return std::move(*handler);
}

TEST_CASE("every word answers with the time of this machine's clock") {
  for (const char* word : {"loops:1", "loops:2", "threads:2", "serial", "processes:2"}) {
    CAPTURE(word);
    test::RunningServer server(test::options_for(word), "udp://127.0.0.1:0", local());
    auto socket = client_of("udp://127.0.0.1:" + std::to_string(server.port()));
    const auto sample = ask(socket, seconds(10));
    REQUIRE(sample);
    CHECK(sample->packet.mode == NtpMode::server);
    CHECK(sample->packet.stratum == 5);
    CHECK(sample->packet.precision < -10);
    CHECK(sample->packet.receive_time.nearest_to(sample->sent) >= sample->sent - milliseconds(1));
    CHECK(sample->packet.transmit_time.nearest_to(sample->received) <= sample->received);
  }
}

TEST_CASE("many requests at once are all answered, each with times of its own") {
  test::RunningServer server(test::options_for("loops:1"), "udp://127.0.0.1:0", local());
  auto socket = client_of("udp://127.0.0.1:" + std::to_string(server.port()));
  REQUIRE(socket.note_times(TimestampUse::received));
  constexpr std::size_t kRequests = 100;
  std::vector<std::array<std::byte, NtpPacket::kBytes>> bytes;
  std::vector<OutgoingDatagram> outgoing;
  for (std::size_t i = 0; i < kRequests; ++i) bytes.push_back(request(i + 1));
  for (const auto& each : bytes) outgoing.push_back({.bytes = each});
  REQUIRE(socket.send_batch(outgoing));
  std::vector<std::uint64_t> receive_times;
  std::vector<std::uint64_t> cookies;
  while (cookies.size() < kRequests) {
    const auto reply = socket.receive(deadline_after(seconds(10)));
    REQUIRE(reply);
    const auto packet = decode_ntp(reply->bytes)->packet;
    cookies.push_back(packet.originate_time.value);
    receive_times.push_back(packet.receive_time.value);
    CHECK(packet.transmit_time - packet.receive_time > Duration::zero());
    // A later time than the true one would make a wrong offset that looks right.
    REQUIRE(reply->received_at);
    const Duration on_the_way =
        *reply->received_at - packet.transmit_time.nearest_to(*reply->received_at);
    CHECK(on_the_way > -std::chrono::nanoseconds(120));
  }
  std::ranges::sort(cookies);
  std::ranges::sort(receive_times);
  for (std::size_t i = 0; i < kRequests; ++i) CHECK(cookies[i] == i + 1);
  CHECK(std::ranges::adjacent_find(receive_times) == receive_times.end());
}

TEST_CASE("a client of the interleaved mode gets the kernel's transmit times") {
  test::RunningServer server(test::options_for("loops:1"), "udp://127.0.0.1:0", local());
  auto socket = client_of("udp://127.0.0.1:" + std::to_string(server.port()));
  NtpPacket asked;
  asked.mode = NtpMode::client;
  NtpPacket previous;
  int interleaved = 0;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    asked.transmit_time = {kCookie + i};
    std::array<std::byte, NtpPacket::kBytes> bytes;
    encode_ntp(asked, bytes);
    REQUIRE(socket.send({.bytes = bytes}));
    const auto reply = socket.receive(deadline_after(seconds(10)));
    REQUIRE(reply);
    const NtpPacket packet = decode_ntp(reply->bytes)->packet;
    if (packet.originate_time == asked.receive_time && asked.receive_time.is_set()) {
      ++interleaved;
      // It left after the previous request arrived, and before this one did.
      CHECK(packet.transmit_time - previous.receive_time > Duration::zero());
      CHECK(packet.receive_time - packet.transmit_time > Duration::zero());
    }
    previous = packet;
    asked.originate_time = packet.receive_time;
    asked.receive_time = {kCookie * 3 + i};
  }
  CHECK(interleaved == 3);
}

TEST_CASE("what is not a request is not answered, and the counts are in the log") {
  test::CollectingLog log;
  {
    test::RunningServer server(test::options_for("loops:1"), "udp://127.0.0.1:0", local(&log));
    auto socket = client_of("udp://127.0.0.1:" + std::to_string(server.port()));
    REQUIRE(socket.send({.bytes = as_bytes("hello")}));
    REQUIRE(socket.send({.bytes = {}}));
    auto reply = request();
    reply[0] = std::byte{0x24};
    REQUIRE(socket.send({.bytes = reply}));
    REQUIRE(ask(socket, seconds(10)));
    server.drain();
  }
  CHECK(log.has("the clock is synchronised"));
  CHECK(log.has_detail("answered 1, malformed 2, not_a_request 1"));
}

TEST_CASE("a clock that is not synchronised is reported in the log, with a hint") {
  test::CollectingLog log;
  std::optional<Sample> sample;
  sim::World world(1);
  world.host("a").run([&] {
    NtpOptions options;
    options.log = &log;
    Server server({.signals = SignalUse::drain});
    REQUIRE(server.add("udp://:123", *ntp_handler(options)));
    CHECK(server.run());
  });
  world.host("b").run([&] {
    auto socket = client_of("udp://a:123");
    sample = ask(socket);
  });
  // The server watches the clock without end.
  CHECK(world.run_until([&] { return sample.has_value(); }));
  REQUIRE(sample);
  CHECK(sample->packet.leap == NtpLeap::unsynchronised);
  CHECK(sample->packet.stratum == 0);
  CHECK(log.has("the clock is not synchronised, and replies say so"));
  CHECK(log.has_detail("hint: "));
}

/// A world with a server on host `a` and a client on host `b`, which asks every 10 ms.
struct TimeWorld {
  explicit TimeWorld(std::uint64_t seed, sim::WorldOptions options = {})
      : world(seed, std::move(options)) {
    world.host("a").run([] {
      Server server({.signals = SignalUse::drain});
      REQUIRE(server.add("udp://:123", local()));
      CHECK(server.run());
    });
  }

  void run(int requests) {
    world.host("b").run([this, requests] {
      auto socket = client_of("udp://a:123");
      for (int i = 0; i < requests; ++i) {
        if (const auto sample = ask(socket, seconds(30), kCookie + static_cast<unsigned>(i))) {
          samples.push_back(*sample);
        }
        REQUIRE(sleep_for(milliseconds(10)));
      }
    });
    const sim::Outcome outcome = world.run();
    INFO(outcome.to_string());
    CHECK(outcome.holds());
  }

  sim::World world;
  std::vector<Sample> samples;
};

TEST_CASE("a clock that is set never makes an answer of two different clocks") {
  for (const Duration step : {Duration(hours(1)), Duration(-hours(1)), Duration(milliseconds(50)),
                              Duration(-milliseconds(50))}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      TimeWorld time(seed);
      const auto when = milliseconds(500) + std::chrono::microseconds(777 * seed);
      time.world.at(when, [&] { time.world.host("a").step_clock(step); });
      time.run(100);
      CHECK(time.samples.size() >= 95);
      for (const Sample& each : time.samples) {
        const Duration bound = each.delay() / 2 + std::chrono::microseconds(1);
        const Duration error =
            std::min(std::chrono::abs(each.offset()), std::chrono::abs(each.offset() - step));
        CHECK(error <= bound);
      }
    }
  }
}

TEST_CASE("a server that was stopped answers late, and right") {
  TimeWorld time(3);
  time.world.at(milliseconds(500), [&] { time.world.host("a").stop(seconds(20)); });
  time.run(50);
  CHECK(time.samples.size() == 50);
  bool was_late = false;
  for (const Sample& each : time.samples) {
    CHECK(std::chrono::abs(each.offset()) <= each.delay() / 2 + std::chrono::microseconds(1));
    if (each.packet.transmit_time - each.packet.receive_time > seconds(10)) was_late = true;
  }
  CHECK(was_late);
}

TEST_CASE("two servers that a forged request points at each other do not answer each other") {
  sim::World world(5);
  std::uint64_t datagrams = 0;
  for (const char* host : {"a", "b"}) {
    world.host(host).run([] {
      Server server({.signals = SignalUse::drain});
      REQUIRE(server.add("udp://:123", local()));
      CHECK(server.run());
    });
  }
  // Host c passes on what it gets from one server to the other, as if it had forged the sender.
  world.host("c").run([&] {
    auto one = client_of("udp://a:123");
    auto other = client_of("udp://b:123");
    for (const NtpMode mode : {NtpMode::client, NtpMode::symmetric_active}) {
      auto bytes = request();
      bytes[0] = static_cast<std::byte>(4 << 3 | static_cast<int>(mode));
      std::vector<std::byte> packet(bytes.begin(), bytes.end());
      DatagramSocket* next = &one;
      for (int i = 0; i < 10; ++i) {
        REQUIRE(next->send({.bytes = packet}));
        const auto reply = next->receive(deadline_after(seconds(1)));
        if (!reply) break;
        ++datagrams;
        packet.assign(reply->bytes.begin(), reply->bytes.end());
        next = next == &one ? &other : &one;
      }
    }
  });
  const sim::Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  CHECK(datagrams == 2);
}

TEST_CASE(
    "about one in four requests of a source over its rate is answered, the others ignored or "
    "kissed") {
  for (const auto over_rate : {NtpOverRate::ignored, NtpOverRate::kissed}) {
    NtpOptions options;
    options.local_stratum = 5;
    options.over_rate = over_rate;
    options.rates = {.sources = LimitedSources::all, .interval = hours(1), .burst = 4};
    sim::World world(7);
    world.host("a").run([&] {
      Server server({.signals = SignalUse::drain});
      REQUIRE(server.add("udp://:123", *ntp_handler(options)));
      CHECK(server.run());
    });
    int answered = 0;
    int kissed = 0;
    world.host("b").run([&] {
      auto socket = client_of("udp://a:123");
      for (int i = 0; i < 104; ++i) {
        const auto sample = ask(socket, milliseconds(100));
        if (!sample) continue;
        ++(sample->packet.stratum == 0 ? kissed : answered);
      }
    });
    CHECK(world.run().holds());
    CHECK(answered > 4 + 10);
    CHECK(answered < 4 + 45);
    CHECK(kissed == (over_rate == NtpOverRate::kissed ? 104 - answered : 0));
  }
}

}  // namespace
}  // namespace hotline::services::ntp_socket_test
