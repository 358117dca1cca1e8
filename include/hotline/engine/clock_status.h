#pragma once

#include <chrono>
#include <cstdint>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"

namespace hotline HOTLINE_PUBLIC {

/// The leap second that is announced for the end of the UTC day.
enum class Leap : std::uint8_t { none, insert_second, delete_second };

/// The quality of the wall clock, as the kernel reports it: adjtimex(2). By default that of a clock
/// which nothing sets.
struct ClockStatus {
  bool is_synchronised = false;  ///< A time daemon says that it keeps the clock right.
  Leap leap = Leap::none;
  /// The bound of the difference from true time. While nothing sets the clock, it grows.
  Duration error_max = std::chrono::seconds(16);
  Duration error_estimate = std::chrono::seconds(16);  ///< The likely difference.
  std::int32_t tai_offset_seconds = 0;                 ///< TAI minus UTC; 0 if it was never set.

  friend bool operator==(const ClockStatus&, const ClockStatus&) = default;
};

/// Returns the status of the clock that wall_clock_now() reads. Fails with `permission_denied` in a
/// container that forbids the system call. Any thread.
Result<ClockStatus> clock_status();

/// Returns by how much the wall clock advances from one reading to the next, as far as it can be
/// told apart: the smallest of a hundred steps. Takes some microseconds on a usual clock; call it
/// once. Any thread.
Duration clock_granularity();

}  // namespace hotline
