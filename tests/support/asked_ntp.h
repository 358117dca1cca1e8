#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "services/ntp_association.h"

// An exchange between the client's side of NTP and a server of the test, without I/O.

namespace hotline::services::asked_ntp {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr WallTime kStart(seconds(1'800'000'000));
inline constexpr NtpCookies kCookies{{0x1111111111111111}, {0x2222222222222222}};
inline constexpr NtpCookies kNextCookies{{0x3333333333333333}, {0x4444444444444444}};

/// The clocks of the client at a time since the start, if the wall clock was set by `step`.
inline ClockReading at(Duration since, Duration step = {}) {
  return {kStart + since + step, Instant(seconds(1000)) + since};
}

inline NtpPacket packet_in(Bytes datagram) {
  const auto decoded = decode_ntp(datagram);
  REQUIRE(decoded);
  return decoded->packet;
}

inline std::string bytes_of(const NtpPacket& packet) {
  std::array<std::byte, NtpPacket::kBytes> bytes;
  encode_ntp(packet, bytes);
  return std::string(as_text(bytes));
}

inline std::string with_mac(std::string datagram, const NtpKey& key) {
  std::array<std::byte, NtpKey::kMacBytesMax> out;
  const auto mac = key.seal(as_bytes(datagram), out);
  REQUIRE(mac);
  return datagram.append(as_text(*mac));
}

/// A server whose clock differs from the client's.
struct Server {
  Duration offset = seconds(5);
  Duration there = milliseconds(3);  ///< How long a request takes.
  Duration held = microseconds(100);

  /// The reply to a request that was sent at `sent`.
  NtpPacket reply_to(Bytes request, Duration sent) const {
    NtpPacket reply;
    reply.version = packet_in(request).version;
    reply.mode = NtpMode::server;
    reply.stratum = 2;
    reply.precision = -24;
    reply.root_delay = NtpShort::of(milliseconds(20));
    reply.root_dispersion = NtpShort::of(milliseconds(3));
    reply.reference_id = 0xc0000201;
    reply.reference_time = NtpTimestamp::of(kStart + offset - seconds(60));
    reply.originate_time = packet_in(request).transmit_time;
    reply.receive_time = NtpTimestamp::of(kStart + sent + there + offset);
    reply.transmit_time = NtpTimestamp::of(kStart + sent + there + held + offset);
    return reply;
  }
};

/// One exchange: the request is sent at once and its reply arrives 7.1 ms later.
struct Asked {
  explicit Asked(NtpAssociationOptions options = {}, Server asked_server = {})
      : association(options), server(asked_server) {
    const auto sent = association.begin(kCookies, at(seconds(0)));
    REQUIRE(sent);
    request = std::string(as_text(*sent));
    reply = server.reply_to(as_bytes(request), seconds(0));
  }

  NtpFinding take(const ClockReading& read = at(microseconds(7100))) {
    return association.take(as_bytes(bytes_of(reply)), std::nullopt, read);
  }

  NtpAssociation association;
  Server server;
  std::string request;
  NtpPacket reply;
};

/// What becomes of a reply that `change` has changed.
inline NtpFinding finding_of(const std::function<void(NtpPacket&)>& change) {
  Asked asked;
  change(asked.reply);
  return asked.take();
}

inline bool is_near(Duration value, Duration expected) {
  return std::chrono::abs(value - expected) < std::chrono::nanoseconds(3);
}

}  // namespace hotline::services::asked_ntp
