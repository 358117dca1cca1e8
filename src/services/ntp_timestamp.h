#pragma once

#include <chrono>
#include <cstdint>

#include "hotline/core/deadline.h"

// The formats of time of docs/wire/ntp.md. No I/O.

namespace hotline::services {

/// A time of the wall clock.
using WallTime = std::chrono::system_clock::time_point;

/// A point in time as NTP packets have it: the seconds since 1900 modulo 2^32, and 32 bits of
/// fractions of a second. Era 1 begins in February 2036: the same value occurs in each era. A
/// value.
struct NtpTimestamp {
  std::uint64_t value = 0;  ///< 0 means that the time is unknown.

  /// Returns the timestamp that is nearest to `time`. It is never 0: the first instant of an era
  /// becomes the next value.
  static NtpTimestamp of(WallTime time);

  /// Returns the time with this timestamp that is nearest to `reference`, at most 68 years from it.
  /// What of() made from a time becomes that time again. A reference before 1750 or after 2190 is
  /// replaced by the nearer of the two.
  WallTime nearest_to(WallTime reference) const;

  bool is_set() const { return value != 0; }

  bool operator==(const NtpTimestamp&) const = default;
};

/// Returns the time from `earlier` to `later`, to the nearest nanosecond. It is negative if `later`
/// is less than 68 years before `earlier`. It is right across the boundary of two eras.
Duration operator-(NtpTimestamp later, NtpTimestamp earlier);

/// A length of time as NTP packets have it: 16 bits of seconds and 16 bits of fractions of a
/// second. A value.
struct NtpShort {
  std::uint32_t value = 0;

  /// Returns the least value that is not less than `duration`. A negative duration becomes 0, and
  /// one that is too long, of about 65536 seconds or more, the greatest value.
  static NtpShort of(Duration duration);

  /// Returns the least number of nanoseconds that is not less than this value.
  Duration duration() const;

  bool operator==(const NtpShort&) const = default;
};

}  // namespace hotline::services
