#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/error.h"
#include "hotline/core/public.h"
#include "hotline/engine/clock.h"

// What an NtpClient has found out: docs/wire/ntp.md.

namespace hotline HOTLINE_PUBLIC {

/// Whether a leap second is announced, and whether the clock is right at all.
enum class NtpLeap : std::uint8_t {
  none,
  insert,          ///< The last minute of the day has 61 seconds.
  remove,          ///< It has 59 seconds.
  unsynchronised,  ///< No source has set the clock.
};

/// Returns its name for a message: `none`, `insert`, `delete` or `unsynchronised`.
std::string_view name_of(NtpLeap leap);

/// How the time at which a reply was sent comes to the client.
enum class NtpExchangeMode : std::uint8_t {
  basic,        ///< In the reply itself, taken before it is sent.
  interleaved,  ///< In the next reply, taken by the kernel as the reply was sent: RFC 9769.
};

/// Returns its name: `basic` or `interleaved`.
std::string_view name_of(NtpExchangeMode mode);

/// What a server says of itself. A value.
struct NtpServerState {
  NtpLeap leap = NtpLeap::none;
  std::uint8_t version = 0;
  std::uint8_t stratum = 0;
  std::int8_t precision = 0;   ///< The binary logarithm of seconds.
  Duration root_delay{};       ///< The round trip from the server to the reference clock.
  Duration root_dispersion{};  ///< The greatest error of the server's clock, besides root_delay.
  std::uint32_t reference_id = 0;
  std::optional<std::chrono::system_clock::time_point> reference_time{};

  /// Returns the reference id as people read it: the letters of a reference clock, such as `GPS`,
  /// on stratum 1, otherwise four numbers: `192.0.2.1`.
  std::string reference_text() const;

  /// Returns the greatest error of the server's clock against the reference clock.
  Duration root_distance() const { return root_delay / 2 + root_dispersion; }
};

/// The result of one exchange of packets. A value.
struct NtpSample {
  Duration offset{};      ///< The server's clock minus the clock of this machine.
  Duration delay{};       ///< The time on the way, there and back. At least 60 ns.
  Duration dispersion{};  ///< The error of both clocks, read and kept, during the exchange.
  NtpExchangeMode mode = NtpExchangeMode::basic;
  bool is_authenticated = false;  ///< The reply has a MAC of the client's key.
  NtpServerState server{};
  ClockReading taken_at{};  ///< When the reply was read.

  /// Returns the greatest error of `offset` at the time `taken_at`.
  Duration error_max() const { return delay / 2 + dispersion; }
};

/// What has happened so far.
struct NtpCounts {
  std::uint64_t sent = 0;
  std::uint64_t samples = 0;    ///< Replies that gave a sample.
  std::uint64_t lost = 0;       ///< Requests without a reply in time.
  std::uint64_t foreign = 0;    ///< Datagrams that answer no open request: spoofed, replayed, late.
  std::uint64_t malformed = 0;  ///< Datagrams that are not replies at all.
  std::uint64_t unverified = 0;  ///< Replies without a MAC of the client's key.
  std::uint64_t refusals = 0;    ///< Replies with which the server refuses to give the time.
  std::uint64_t unusable = 0;    ///< Replies whose times contradict each other.
  std::uint64_t clock_sets = 0;  ///< How often the clock of this machine was set.
};

/// The result of several exchanges. A value.
struct NtpReport {
  NtpSample best{};   ///< The one with the least delay, at the time of the report.
  Duration jitter{};  ///< The root mean square of the differences of the offsets to the best.
  std::vector<NtpSample> samples{};  ///< All that were used, in their order.
  NtpCounts counts{};
  /// Why there are fewer samples than were asked for, if the measurement ended before them.
  std::optional<Error> ended_early{};

  /// Returns the greatest error of this machine's clock against the reference clock, if it is
  /// corrected by the offset.
  Duration root_distance() const { return best.error_max() + best.server.root_distance() + jitter; }
};

}  // namespace hotline
