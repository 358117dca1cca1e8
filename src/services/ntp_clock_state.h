#pragma once

#include <cstdint>

#include "hotline/core/deadline.h"
#include "services/ntp_packet.h"
#include "services/ntp_timestamp.h"

// What a server states about its clock: docs/wire/ntp.md. No I/O.

namespace hotline::services {

/// The reference id of a clock that follows no server: 127.127.1.1.
inline constexpr std::uint32_t kNtpLocalClock = 0x7F7F0101;

/// How far the clock of this machine can be trusted. A value.
struct NtpClockState {
  /// How fast an unattended clock may go wrong: RFC 5905, PHI.
  static constexpr std::int64_t kDriftPerMillion = 15;

  /// The root distance from which on clients refuse a server: RFC 5905, MAXDISP.
  static constexpr Duration kDistanceMax = std::chrono::seconds(16);

  NtpLeap leap = NtpLeap::unsynchronised;
  std::uint8_t stratum = 0;    ///< 1 to 15 if synchronised.
  Duration root_delay{};       ///< The round trip to the reference clock.
  Duration root_dispersion{};  ///< The most that the clock was wrong by at `as_of`.
  std::uint32_t reference_id = 0;
  WallTime reference_time{};  ///< The last update of the clock.
  WallTime as_of{};           ///< From then on the dispersion grows.

  bool is_synchronised() const { return leap != NtpLeap::unsynchronised; }
  bool operator==(const NtpClockState&) const = default;
};

/// Returns true if a reference id from stratum 2 on may be an IPv4 address: that of an IPv6 server
/// is a hash, which may look like any. Of the addresses of the loopback only 127.0.0.1 is one,
/// because 127.127.0.0/16 stands for reference clocks.
bool is_ipv4_reference(std::uint32_t reference_id);

/// Writes what a server says of its clock at `now` into `reply`: leap, stratum, root delay, root
/// dispersion, reference id and time. A clock that may be wrong by 16 s or more is described as not
/// synchronised.
void describe_ntp_clock(const NtpClockState& state, WallTime now, NtpPacket& reply);

}  // namespace hotline::services
