#pragma once

#include <atomic>

#include "engine/channel.h"
#include "hotline/core/result.h"

namespace hotline::engine {

/// Counts what may still be taken, across threads and engines: a fiber that must wait is suspended,
/// a thread without a loop blocks. Without contention it is one atomic operation. Any thread.
class Semaphore {
 public:
  /// Not valid if no descriptor was left: see check.
  explicit Semaphore(std::size_t count);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();

  /// Whether it may be used. Fails with `resource_exhausted`.
  Result<void> check() const;

  /// Takes one, waiting until there is one. Fails with `cancelled` or `timed_out`; then none is
  /// taken.
  Result<void> acquire();

  /// Gives one back.
  void release();

  /// How many could be taken now.
  std::size_t count() const {
    const std::ptrdiff_t count = count_.load(std::memory_order_relaxed);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

 private:
  int wait_for_token();
  Result<void> leave(int ended);

  std::atomic<std::ptrdiff_t> count_;  // Negative: so many wait.
  UniqueFd tokens_;                    // One for each waiter that was let go: Kernel::open_counter.
  int failed_ = 0;                     // Or the negated errno of opening it.
};

}  // namespace hotline::engine
