#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/on_drain.h"

namespace hotline HOTLINE_PUBLIC {

/// A counter of permits, which limits how many fibers and threads do something at once. Shared by
/// fibers, threads and loops; works in simulated worlds. A fiber that must wait is suspended, a
/// thread without a loop blocks. Waiters are served in the order in which they came. Without
/// contention it costs one atomic operation.
///
///     Semaphore room(8);                                     // at most eight at once
///     if (auto taken = room.acquire(); !taken) return taken;
///     ...
///     room.release();
///
/// Any thread. Not shared with processes that are forked. Destroy it when no fiber or thread waits
/// for it or will call it: if a wait is still in progress, the program ends.
class Semaphore {
 public:
  explicit Semaphore(std::size_t count);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore();

  /// Takes a permit, waiting until there is one. Fails only where it would have to wait, and takes
  /// none then: with `timed_out` at `deadline`, with `cancelled`, with `draining` if `on_drain`
  /// says so, with `closed` after close(), and with `resource_exhausted` if there is no memory or
  /// descriptor for the wait.
  Result<void> acquire(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on);

  /// Takes a permit if there is one now. Returns true if it took one. Never waits.
  bool try_acquire() noexcept;

  /// Returns a permit, or adds one. The longest waiter gets it. Never waits.
  void release() noexcept;

  /// Ends every wait for a permit, and those that would begin later, with `closed`. Permits that
  /// are left can still be taken. Idempotent.
  void close() noexcept;

  /// Returns how many permits are free now. The number may change at once if others take permits.
  std::size_t count() const noexcept;

 private:
  friend class Event;
  struct Entry;

  void release_below(std::ptrdiff_t count_max) noexcept;
  Result<void> wait(Deadline deadline, OnDrain on_drain);
  bool enqueue(Entry& entry) noexcept;
  void remove(Entry& entry) noexcept;
  Entry& take_first() noexcept;

  std::atomic<std::ptrdiff_t> count_;  ///< -1: no permit is free, and at least one waits.
  std::mutex mutex_;  ///< Held around the members below, and around each change from or to -1.
  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
  bool is_closed_ = false;
};

}  // namespace hotline
