#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/services/ntp_client.h"
#include "hotline/sim/world.h"
#include "services/ntp_packet.h"

// An NtpClient that asks a server of the test, in a simulated world.

namespace hotline::test::ntp_call {

using services::NtpMode;
using services::NtpPacket;
using services::NtpTimestamp;

inline std::string bytes_of(const NtpPacket& packet) {
  std::array<std::byte, NtpPacket::kBytes> bytes;
  encode_ntp(packet, bytes);
  return std::string(as_text(bytes));
}

/// The good reply to a request that has just arrived.
inline NtpPacket reply_to(const NtpPacket& request) {
  NtpPacket reply;
  reply.version = request.version;
  reply.mode = NtpMode::server;
  reply.stratum = 1;
  reply.precision = -24;
  reply.originate_time = request.transmit_time;
  reply.receive_time = NtpTimestamp::of(wall_clock_now());
  reply.transmit_time = reply.receive_time;
  return reply;
}

/// Returns the datagrams that answer the request of that number, from 1 on.
using Script = std::function<std::vector<std::string>(const NtpPacket& request, int number)>;

inline void serve(const Script& script, int& requests) {
  auto socket = bind_datagrams("udp://:123");
  REQUIRE(socket);
  while (const auto datagram = socket->receive()) {
    const auto request = services::decode_ntp(datagram->bytes);
    REQUIRE(request);
    const DatagramRoute route = *datagram->route;
    for (const std::string& each : script(request->packet, ++requests)) {
      discard(socket->send({as_bytes(each), &route}));
    }
  }
}

/// A client and a scripted server in a world. The server's clock is 5 s ahead.
struct Call {
  /// Runs `use` with a client.
  void run(const Script& script, const std::function<void(NtpClient&)>& use) {
    requests = 0;
    sim::World world(1);
    world.host("server").step_clock(std::chrono::seconds(5));
    world.host("server").run([&] { serve(script, requests); });
    world.host("client").run([&] {
      auto client = NtpClient::open("udp://server:123", options);
      REQUIRE(client);
      use(*client);
    });
    if (at_second) world.at(std::chrono::seconds(1), [&] { at_second(world); });
    CHECK(world.run().to_string() == "");
  }

  /// The same with measure().
  Result<NtpReport> measure(const Script& script) {
    Result<NtpReport> report;
    run(script, [&](NtpClient& client) { report = client.measure(); });
    return report;
  }

  NtpClientOptions options{};
  std::function<void(sim::World&)> at_second{};
  int requests = 0;  ///< How many the server got.
};

inline std::vector<std::string> answer(const NtpPacket& request, int) {
  return {bytes_of(reply_to(request))};
}

inline std::vector<std::string> kiss(const NtpPacket& request, std::uint32_t code) {
  NtpPacket reply = reply_to(request);
  reply.stratum = 0;
  reply.leap = NtpLeap::unsynchronised;
  reply.reference_id = code;
  return {bytes_of(reply)};
}

}  // namespace hotline::test::ntp_call
