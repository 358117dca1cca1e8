#pragma once

#include <chrono>
#include <new>

#include "hotline/core/deadline.h"

namespace hotline::server {

/// How long a server pauses before it tries again what failed for want of memory or the like, which
/// passes: one that gave up would answer nobody any more.
inline constexpr Duration kRetryPause = std::chrono::milliseconds(20);

/// Pauses before another try. Returns false if there is to be none: who drains or is cut cannot
/// wait until something works, nor can anybody whose own time is over. Suspends the fiber.
bool pause_before_retry(Duration pause = kRetryPause);

/// Calls `attempt` until it returns true, and pauses after each time that it returns false or finds
/// no memory. Returns false if there is to be no other try. Suspends the fiber.
template <typename Attempt>
bool try_until_done(Attempt attempt) {
  for (;;) {
    try {
      if (attempt()) return true;
    } catch (const std::bad_alloc&) {
      // Below: nothing waits within a catch.
    }
    if (!pause_before_retry()) return false;
  }
}

}  // namespace hotline::server
