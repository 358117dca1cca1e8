#pragma once

#include <chrono>
#include <new>

#include "hotline/core/deadline.h"

namespace hotline::server {

/// The pause before a server retries after a failure such as a lack of memory, which is usually
/// brief. A server that gave up would never answer again.
inline constexpr Duration kRetryPause = std::chrono::milliseconds(20);

/// Pauses before another attempt. Returns false if there must be none, because the fiber is
/// drained, cancelled or beyond its deadline. Suspends the fiber.
bool pause_before_retry(Duration pause = kRetryPause);

/// Calls `attempt` until it returns true, and pauses after each time that it returns false or finds
/// no memory. Returns false if there must be no other attempt. Suspends the fiber.
template <typename Attempt>
bool try_until_done(Attempt attempt) {
  for (;;) {
    try {
      if (attempt()) return true;
    } catch (const std::bad_alloc&) {
      // Pauses below, because a catch block must not wait.
    }
    if (!pause_before_retry()) return false;
  }
}

}  // namespace hotline::server
