#pragma once

#include <algorithm>
#include <chrono>
#include <compare>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// An instant of the monotonic clock. Read it with now() of hotline/engine/clock.h.
using Instant = std::chrono::steady_clock::time_point;

/// A length of time. Options use it; waits take a Deadline.
using Duration = std::chrono::nanoseconds;

/// No limit of time. A timeout of zero has passed already.
inline constexpr Duration kNoTimeout = Duration::max();

/// The instant at which a wait gives up. A value; deadlines compare by time.
class Deadline {
 public:
  /// A deadline that never passes.
  static constexpr Deadline never() { return Deadline(Instant::max()); }

  /// A deadline that passes at `instant`.
  static constexpr Deadline at(Instant instant) { return Deadline(instant); }

  /// A deadline that passes `timeout` after `now`. It never passes if `timeout` is kNoTimeout or
  /// reaches beyond the end of the clock.
  static constexpr Deadline after(Instant now, Duration timeout) {
    return timeout >= Instant::max() - now ? never() : Deadline(now + timeout);
  }

  constexpr Instant instant() const { return instant_; }
  constexpr bool is_never() const { return instant_ == Instant::max(); }
  constexpr bool has_passed(Instant now) const { return instant_ <= now; }

  /// Returns the earlier of the two.
  static constexpr Deadline earliest(Deadline one, Deadline other) { return std::min(one, other); }

  friend constexpr auto operator<=>(Deadline, Deadline) = default;

 private:
  explicit constexpr Deadline(Instant instant) : instant_(instant) {}

  Instant instant_;
};

}  // namespace hotline
