#include "engine/blocking/thread_signal.h"

#include <linux/futex.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t) &&
                  std::atomic<std::uint32_t>::is_always_lock_free,
              "the kernel compares the word");

/// Returns `instant` as a time of CLOCK_MONOTONIC, which has no negative ones.
timespec time_of(Instant instant) {
  const Duration since_start = std::max(instant.time_since_epoch(), Duration(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_start);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since_start - seconds);
  return {.tv_sec = seconds.count(), .tv_nsec = rest.count()};
}

}  // namespace

void ThreadSignal::set() noexcept {
  std::atomic<std::uint32_t>* const word = &state_;
  if (state_.exchange(kSet, std::memory_order_acq_rel) != kAwaited) return;
  // The object may have gone: only its address is used. At worst another thread's wait on the same
  // address ends early.
  raw_call(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

bool ThreadSignal::wait(Deadline deadline) noexcept {
  std::uint32_t unset = kUnset;
  state_.compare_exchange_strong(unset, kAwaited);
  const timespec until = deadline.is_never() ? timespec{} : time_of(deadline.instant());
  const timespec* const limit = deadline.is_never() ? nullptr : &until;
  while (!is_set()) {
    // With a mask the time is that of the clock, not a duration.
    const int waited = system_result([&] {
      return raw_call(SYS_futex, &state_, FUTEX_WAIT_BITSET_PRIVATE, kAwaited, limit, nullptr,
                      FUTEX_BITSET_MATCH_ANY);
    });
    if (waited == -ETIMEDOUT) return is_set();
  }
  return true;
}

}  // namespace hotline::engine
