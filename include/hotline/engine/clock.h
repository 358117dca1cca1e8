#pragma once

#include <chrono>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/on_drain.h"

namespace hotline HOTLINE_PUBLIC {

/// Returns the monotonic time of the current thread's engine. On an event loop it is constant
/// within one turn; on a simulated loop it is virtual. Any thread.
Instant now();

/// Returns the time of the wall clock of the current thread's engine. Any thread.
std::chrono::system_clock::time_point wall_clock_now();

/// Both clocks of an engine, read one right after the other.
struct ClockReading {
  std::chrono::system_clock::time_point wall{};
  Instant monotonic{};
};

/// Returns both clocks of the current thread's engine as they are now, also within a turn of an
/// event loop, where now() is constant. If the wall clock has gone another way than the monotonic
/// one between two readings, it was set. Any thread.
ClockReading read_clocks();

/// Returns the deadline that is `timeout` from the time of the call, which may be later than now():
/// on an event loop now() is the time at which this turn began.
Deadline deadline_after(Duration timeout);

/// Waits until `deadline`. Suspends the fiber. Fails only with `cancelled`, with `timed_out` if the
/// deadline of an enclosing DeadlineScope is earlier, and with `draining` if a drain arrives and
/// `on_drain` is OnDrain::ends. Any thread.
Result<void> sleep_until(Deadline deadline, OnDrain on_drain = OnDrain::goes_on);

/// Waits for `duration`; see sleep_until.
Result<void> sleep_for(Duration duration, OnDrain on_drain = OnDrain::goes_on);

}  // namespace hotline
