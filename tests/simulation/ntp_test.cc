#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/server/server.h"
#include "hotline/services/ntp.h"
#include "services/ntp_packet.h"
#include "simulation/check_seeds.h"
#include "simulation/ntp_scenario.h"

namespace simulation {
namespace {

void serve_ntp() {
  hotline::ServerOptions options;
  options.signals = hotline::SignalUse::drain;
  hotline::Server server(options);
  hotline::NtpOptions stating;
  stating.local_stratum = 5;
  REQUIRE(server.add("udp://:123", hotline::ntp_handler(stating).value()));
  REQUIRE(server.bind());
  REQUIRE(server.run());
}

/// Returns the reply of a server to `packet`, if there is one.
std::optional<std::string> ask(hotline::DatagramSocket& server, std::string_view packet) {
  REQUIRE(server.send({hotline::as_bytes(packet)}));
  const auto reply = server.receive(hotline::deadline_after(std::chrono::seconds(1)));
  if (!reply) return std::nullopt;
  return std::string(hotline::as_text(reply->bytes));
}

/// Passes the first server's replies to packets of each version and mode on to the second, as if
/// they came from there. Returns how many there were; the second must answer none of them.
int point_at_each_other() {
  auto one = hotline::connect_datagrams("udp://a:123");
  auto other = hotline::connect_datagrams("udp://b:123");
  REQUIRE((one && other));
  int replies = 0;
  for (int first = 0; first < 256; ++first) {
    std::string packet(hotline::services::NtpPacket::kBytes, '\x07');
    packet[0] = static_cast<char>(first);
    const auto reply = ask(*one, packet);
    if (!reply) continue;
    ++replies;
    CHECK_FALSE(ask(*other, *reply));
  }
  return replies;
}

}  // namespace

TEST_CASE("an NTP client reports an offset within the error that it states, or none") {
  check_seeds(ask_for_offset, {.first = 1, .count = 600});
}

TEST_CASE("two runs of one seed of the NTP client have the same events") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CHECK(ask_for_offset(seed).trace_hash == ask_for_offset(seed).trace_hash);
  }
}

TEST_CASE("an NTP server answers no reply of another one, so that two cannot answer each other") {
  hotline::sim::World world(1);
  int replies = 0;
  for (const char* name : {"a", "b"}) world.host(name).run(serve_ntp);
  world.host("relay").run([&] {
    REQUIRE(hotline::sleep_for(std::chrono::milliseconds(10)));
    replies = point_at_each_other();
  });
  CHECK(world.run().to_string() == "");
  // Mode 1 of two versions or four, and mode 3 of four, each with four leap indicators.
  CHECK(replies >= 4 * 4);
}

}  // namespace simulation
