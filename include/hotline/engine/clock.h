#pragma once

#include <chrono>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline {

/// The monotonic time of the current thread's engine. On an event loop it is constant within one
/// turn, and virtual on a simulated one. Any thread.
Instant now();

/// The wall clock of the current thread's engine. Any thread.
std::chrono::system_clock::time_point wall_clock_now();

/// `timeout` from now().
Deadline deadline_after(Duration timeout);

/// Waits until `deadline`. Suspends the fiber. Fails only with `cancelled`, or with `timed_out` if
/// an enclosing DeadlineScope ends first. Any thread.
Result<void> sleep_until(Deadline deadline);

/// Waits for `duration`; see sleep_until.
Result<void> sleep_for(Duration duration);

}  // namespace hotline
