#pragma once

#include <chrono>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline {

/// Returns the monotonic time of the current thread's engine. On an event loop it is constant
/// within one turn; on a simulated loop it is virtual. Any thread.
Instant now();

/// Returns the time of the wall clock of the current thread's engine. Any thread.
std::chrono::system_clock::time_point wall_clock_now();

/// Returns the deadline that is `timeout` from now().
Deadline deadline_after(Duration timeout);

/// Waits until `deadline`. Suspends the fiber. Fails only with `cancelled`, or with `timed_out` if
/// the deadline of an enclosing DeadlineScope is earlier. Any thread.
Result<void> sleep_until(Deadline deadline);

/// Waits for `duration`; see sleep_until.
Result<void> sleep_for(Duration duration);

}  // namespace hotline
