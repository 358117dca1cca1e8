#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/net/endpoint.h"

namespace hotline HOTLINE_PUBLIC {

/// Why the server refused a caller after accepting its connection.
enum class Refusal : std::uint8_t {
  too_many_from_address,  ///< Limits::connections_per_peer_max.
  not_allowed,            ///< The list of the service has no such caller: `allow=`, only_owner().
  not_authenticated,      ///< Its authentication failed, threw, or took too long.
  too_many_unauthenticated,  ///< Limits::unauthenticated.
  penalised,                 ///< Earlier callers of its source did not authenticate: Penalties.
  no_descriptor,
  no_memory,
  no_worker,  ///< No fiber, thread or process was left for its call.
};
inline constexpr std::size_t kRefusalCount = 8;

/// Returns the enumerator's name, such as `no_memory`.
std::string_view name_of(Refusal reason);

/// A histogram of durations. counts[0] is the number of durations below 1 us; counts[n] is the
/// number of those of at least 2^(n-1) us and less than 2^n us. The last range has no upper bound.
struct DurationHistogram {
  std::array<std::uint64_t, 26> counts{};

  /// Returns the number of the range that `duration` lies in.
  static std::size_t range_of(Duration duration) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    const auto bits = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(0, us)));
    return std::min<std::size_t>(static_cast<std::size_t>(bits), 25);
  }

  /// Returns the upper bound of a range; kNoTimeout for the last one.
  static Duration upper_bound_of(std::size_t range) {
    if (range >= 25) return kNoTimeout;
    return std::chrono::microseconds(std::int64_t{1} << range);
  }

  std::uint64_t total() const;

  /// Returns an upper bound of the quantile `part` (0 to 1): the upper bound of the range in which
  /// it lies. Returns zero if the histogram is empty.
  Duration quantile(double part) const;

  DurationHistogram& operator+=(const DurationHistogram& other);
  friend bool operator==(const DurationHistogram&, const DurationHistogram&) = default;
};

/// What a server, or one of its services, has done so far. A message is a datagram or a frame that
/// was passed to a message handler. Bytes are those of messages and of the replies to them; the
/// bytes that stream handlers receive and send are not counted.
struct Counters {
  std::uint64_t calls = 0;            ///< Accepted and not refused at once. Some may then fail.
  std::uint64_t calls_in_flight = 0;  ///< The calls that have not ended.
  std::uint64_t authenticated = 0;    ///< Calls that passed an authentication and are allowed.
  std::uint64_t messages = 0;
  std::uint64_t replies = 0;        ///< The others were ignored, or their handler threw.
  std::uint64_t error_replies = 0;  ///< Those of the replies that were made by Reply::as_error().
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t handler_failures = 0;  ///< Calls, messages and tasks whose function threw.
  std::array<std::uint64_t, kRefusalCount> refused{};  ///< Indexed by Refusal.

  /// The latency of one in eight groups of messages that arrived together: from the time at which
  /// the loop or thread noticed them until all replies to them were passed to the system.
  DurationHistogram latency{};

  std::uint64_t refusals(Refusal reason) const { return refused[static_cast<std::size_t>(reason)]; }
  std::uint64_t refusals() const;

  Counters& operator+=(const Counters& other);
  friend bool operator==(const Counters&, const Counters&) = default;
};

/// The counters of one service at one endpoint.
struct ServiceCounters {
  std::string name;
  Endpoint endpoint;
  Counters counters;
};

}  // namespace hotline
