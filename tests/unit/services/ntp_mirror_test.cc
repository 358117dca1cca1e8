#include "services/ntp_mirror.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/server/server.h"
#include "hotline/services/ntp.h"
#include "hotline/services/ntp_client.h"
#include "hotline/sim/world.h"
#include "support/running_server.h"

namespace hotline::services::ntp_mirror_test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kNow{hours(24 * 365 * 56)};
constexpr char kUri[] = "udp://127.0.0.1:123";

NtpSample sample(Duration offset = microseconds(5)) {
  NtpSample sample;
  sample.offset = offset;
  sample.delay = microseconds(40);
  sample.dispersion = microseconds(1);
  sample.server.leap = NtpLeap::insert;
  sample.server.stratum = 3;
  sample.server.root_delay = milliseconds(2);
  sample.server.root_dispersion = milliseconds(1);
  sample.server.reference_id = 0x0A000001;
  sample.server.reference_time = kNow - seconds(9);
  sample.taken_at = {.wall = kNow, .monotonic = {}};
  return sample;
}

/// A reading of a clock that was not set.
ClockReading at(Duration later) { return {.wall = kNow + later, .monotonic = Instant(later)}; }

Error timed_out() {
  return make_error(ErrorKind::timed_out, "receive from", kUri, "no reply came", "is it there?");
}

TEST_CASE("what the server says of the clock is copied") {
  NtpMirror mirror(kUri);
  mirror.take(sample());
  const NtpClockReport report = mirror.report(at(seconds(1)));
  CHECK(report.reason.empty());
  CHECK(report.state == NtpClockState{.leap = NtpLeap::insert,
                                      .stratum = 3,
                                      .root_delay = milliseconds(2),
                                      .root_dispersion = milliseconds(1),
                                      .reference_id = 0x0A000001,
                                      .reference_time = kNow - seconds(9),
                                      .as_of = kNow});
}

TEST_CASE("before the first answer the clock is not synchronised") {
  NtpMirror mirror(kUri);
  const NtpClockReport report = mirror.report(at({}));
  CHECK_FALSE(report.state.is_synchronised());
  CHECK(report.reason == "cannot mirror udp://127.0.0.1:123: it has not answered yet");
}

TEST_CASE("an answer holds for 10 s, and then the reason is why no newer one came") {
  NtpMirror mirror(kUri);
  mirror.take(sample());
  mirror.take(fail(timed_out()));
  CHECK(mirror.report(at(seconds(10))).state.is_synchronised());
  const NtpClockReport report = mirror.report(at(seconds(10) + microseconds(1)));
  CHECK_FALSE(report.state.is_synchronised());
  CHECK(report.reason == timed_out().message());
  CHECK(report.hint == "is it there?");
}

TEST_CASE("a server that says that it is not synchronised is believed at once") {
  NtpMirror mirror(kUri);
  mirror.take(sample());
  const Error error = make_error(ErrorKind::unsupported, "ask", kUri, "it is not synchronised");
  mirror.take(fail(error));
  const NtpClockReport report = mirror.report(at({}));
  CHECK_FALSE(report.state.is_synchronised());
  CHECK(report.reason == error.message());
  mirror.take(sample());
  CHECK(mirror.report(at({})).state.is_synchronised());
}

TEST_CASE("a server with another clock is refused") {
  NtpMirror mirror(kUri);
  for (const Duration offset : {Duration(milliseconds(2)), Duration(-milliseconds(2))}) {
    mirror.take(sample());
    mirror.take(sample(offset));
    const NtpClockReport report = mirror.report(at({}));
    CHECK_FALSE(report.state.is_synchronised());
    CHECK(report.reason.contains("its clock is not that of this machine: they differ by "));
    CHECK_FALSE(report.hint.empty());
  }
}

TEST_CASE("after the clock was set, the server is believed when it has updated the clock") {
  for (const Duration step : {Duration(hours(1)), Duration(-hours(1))}) {
    NtpMirror mirror(kUri);
    mirror.take(sample());
    ClockReading later{.wall = kNow + step + seconds(1), .monotonic = Instant(seconds(1))};
    CHECK_FALSE(mirror.report(later).state.is_synchronised());
    NtpSample next = sample();
    next.taken_at = later;
    next.server.reference_time = later.wall;
    mirror.take(next);
    const NtpClockReport report = mirror.report(later);
    CHECK_FALSE(report.state.is_synchronised());
    CHECK(report.reason.contains("the clock was set, and it has not checked the clock since"));
    later.wall += seconds(1);
    later.monotonic += seconds(1);
    next.taken_at = later;
    next.server.reference_time = later.wall;
    mirror.take(next);
    CHECK(mirror.report(later).state.is_synchronised());
  }
}

TEST_CASE("a request that is not the mirror's own is not taken for it") {
  NtpMirror mirror(kUri);
  CHECK_FALSE(mirror.is_own_request({}));
  CHECK_FALSE(mirror.is_own_request({1}));
  mirror.take(sample());
  CHECK(mirror.report(at({})).state.is_synchronised());
}

/// Serves `options` at `uri` until the world ends.
void serve_ntp(const std::string& uri, const NtpOptions& options) {
  Server server({.signals = SignalUse::drain});
  REQUIRE(server.add(uri, *ntp_handler(options)));
  CHECK(server.run());
}

NtpOptions mirror_of(const std::string& server, LogSink* log = nullptr) {
  NtpOptions options;
  options.mirror = server;
  options.log = log;
  return options;
}

TEST_CASE("a mirror of a server of the same machine has the state of that server") {
  NtpOptions own;
  own.local_stratum = 3;
  std::vector<int> strata;
  bool has_asked = false;
  sim::World world(1);
  world.host("a").run([&] { serve_ntp("udp://:123", own); });
  world.host("a").run([] { serve_ntp("udp://:124", mirror_of("127.0.0.1")); });
  world.host("b").run([&] {
    auto client = NtpClient::open("udp://a:124");
    REQUIRE(client);
    REQUIRE(sleep_for(seconds(3)));
    for (int i = 0; i < 5; ++i) {
      const auto answer = client->ask();
      strata.push_back(answer ? answer->server.stratum : 0);
      REQUIRE(sleep_for(seconds(5)));
    }
    has_asked = true;
  });
  // A mirror asks without end.
  CHECK(world.run_until([&] { return has_asked; }));
  CHECK(strata == std::vector<int>{3, 3, 3, 3, 3});
}

/// Asks `uri` ten times in 20 s. Returns the strata that it states.
std::vector<int> strata_at(const std::string& uri) {
  std::vector<int> strata;
  auto client = NtpClient::open(uri, {.reply_timeout = milliseconds(500)});
  REQUIRE(client);
  for (int i = 0; i < 10; ++i) {
    const auto answer = client->ask();
    strata.push_back(answer ? answer->server.stratum : 0);
    REQUIRE(sleep_for(seconds(2)));
  }
  return strata;
}

const std::vector<int> kNeverSynchronised(10, 0);

TEST_CASE("a mirror of itself, by whatever name, is never synchronised, and the log says why") {
  for (const char* name : {"127.0.0.1:124", "a:124", "[::1]:124"}) {
    CAPTURE(name);
    test::CollectingLog log;
    std::vector<int> strata;
    bool has_asked = false;
    sim::World world(3);
    world.host("a").run([&] { serve_ntp("udp://:124", mirror_of(name, &log)); });
    world.host("b").run([&] {
      strata = strata_at("udp://a:124");
      has_asked = true;
    });
    CHECK(world.run_until([&] { return has_asked; }));
    CHECK(strata == kNeverSynchronised);
    CHECK(log.has_detail("it is this server itself: the requests come back"));
  }
}

TEST_CASE("a mirror whose name comes to mean the server itself is not synchronised any more") {
  NtpMirror mirror(kUri);
  test::CollectingLog log;
  bool is_done = false;
  sim::World world(4);
  world.host("a").run([&] {
    // An earlier state of another server must not come round for ever.
    TaskGroup group;
    auto server = bind_datagrams("udp://127.0.0.1:123");
    REQUIRE(server);
    REQUIRE(group.spawn("follow", [&] { mirror.follow(); }));
    NtpSample good = sample();
    good.taken_at = read_clocks();
    good.server.reference_time = good.taken_at.wall;
    mirror.take(good);
    CHECK(mirror.report(read_clocks()).state.is_synchronised());
    const auto request = server->receive();
    REQUIRE(request);
    const auto decoded = decode_ntp(request->bytes);
    REQUIRE(decoded);
    CHECK(mirror.is_own_request(decoded->packet.transmit_time));
    for (int i = 0; i < 5; ++i) {
      const NtpClockReport report = mirror.report(read_clocks());
      CHECK_FALSE(report.state.is_synchronised());
      CHECK(report.reason.contains("it is this server itself"));
      CHECK_FALSE(report.hint.empty());
      REQUIRE(sleep_for(milliseconds(600)));
    }
    group.cancel();
    discard(group.join());
    is_done = true;
  });
  CHECK(world.run_until([&] { return is_done; }));
}

TEST_CASE("two mirrors of each other are never synchronised") {
  std::vector<int> strata;
  bool has_asked = false;
  sim::World world(5);
  world.host("a").run([] { serve_ntp("udp://:124", mirror_of("127.0.0.1:125")); });
  world.host("a").run([] { serve_ntp("udp://:125", mirror_of("127.0.0.1:124")); });
  world.host("b").run([&] {
    strata = strata_at("udp://a:124");
    has_asked = true;
  });
  CHECK(world.run_until([&] { return has_asked; }));
  CHECK(strata == kNeverSynchronised);
}

/// A server at 127.0.0.1:1123 of this host that has its time from `reference`.
void serve_from(std::uint32_t reference, std::uint8_t stratum) {
  auto socket = bind_datagrams("udp://127.0.0.1:1123");
  REQUIRE(socket);
  while (const auto datagram = socket->receive()) {
    const auto request = decode_ntp(datagram->bytes);
    REQUIRE(request);
    NtpPacket reply;
    reply.version = request->packet.version;
    reply.mode = NtpMode::server;
    reply.stratum = stratum;
    reply.precision = -24;
    reply.reference_id = reference;
    reply.originate_time = request->packet.transmit_time;
    reply.receive_time = NtpTimestamp::of(wall_clock_now());
    reply.transmit_time = reply.receive_time;
    reply.reference_time = reply.receive_time;
    std::array<std::byte, NtpPacket::kBytes> bytes;
    encode_ntp(reply, bytes);
    const DatagramRoute route = *datagram->route;
    discard(socket->send({bytes, &route}));
  }
}

/// Returns the last stratum of a mirror at `uri` of a server with that reference id.
int mirrored_stratum(const std::string& uri, std::uint32_t reference, std::uint8_t stratum = 3) {
  int last = 0;
  bool has_asked = false;
  sim::World world(6);
  world.host("a").run([=] { serve_from(reference, stratum); });
  world.host("a").run([&] { serve_ntp(uri, mirror_of("127.0.0.1:1123")); });
  world.host("a").run([&] {
    last = strata_at("udp://127.0.0.1:124").back();
    has_asked = true;
  });
  CHECK(world.run_until([&] { return has_asked; }));
  return last;
}

TEST_CASE("a server that takes its time from this server is not believed") {
  constexpr std::uint32_t kLoopback = 0x7F000001;
  constexpr std::uint32_t kHostA = 0x0A000001;  // 10.0.0.1
  constexpr std::uint32_t kOther = 0xC0000201;  // 192.0.2.1
  CHECK(mirrored_stratum("udp://:124", kLoopback) == 0);
  CHECK(mirrored_stratum("udp://:124", kHostA) == 0);
  CHECK(mirrored_stratum("udp://127.0.0.1:124", kLoopback) == 0);
  CHECK(mirrored_stratum("udp://:124", kOther) == 3);
  CHECK(mirrored_stratum("udp://127.0.0.1:124", kHostA) == 3);
  // A reference clock, and a server with one: neither is an address.
  CHECK(mirrored_stratum("udp://:124", kNtpLocalClock) == 3);
  CHECK(mirrored_stratum("udp://:124", kLoopback, 1) == 1);
}

TEST_CASE("a mirror is synchronised while its server answers, and for 10 s after that") {
  test::CollectingLog log;
  NtpOptions own;
  own.local_stratum = 3;
  std::vector<int> strata;
  bool has_asked = false;
  sim::World world(2);
  world.host("a").run([&] { serve_ntp("udp://:124", mirror_of("127.0.0.1:1123", &log)); });
  world.host("b").run([&] {
    auto client = NtpClient::open("udp://a:124");
    REQUIRE(client);
    for (int i = 0; i < 4; ++i) {
      const auto answer = client->ask();
      strata.push_back(answer ? answer->server.stratum : 0);
      REQUIRE(sleep_for(seconds(10)));
    }
    has_asked = true;
  });
  world.at(seconds(5), [&] {
    world.host("a").run([&] {
      Server server;
      REQUIRE(server.add("udp://127.0.0.1:1123", *ntp_handler(own)));
      TaskGroup group;
      REQUIRE(group.spawn("server", [&] { CHECK(server.run()); }));
      REQUIRE(sleep_for(seconds(8)));
      server.drain();
      REQUIRE(group.join());
    });
  });
  // A mirror asks without end.
  CHECK(world.run_until([&] { return has_asked; }));
  CHECK(strata == std::vector<int>{0, 3, 3, 0});
  CHECK(log.has("the clock is synchronised"));
}

}  // namespace
}  // namespace hotline::services::ntp_mirror_test
