#pragma once

#include "hotline/core/public.h"
#include "hotline/engine/semaphore.h"

namespace hotline HOTLINE_PUBLIC {

/// An event that can happen many times, and for which fibers and threads wait. If it happens while
/// none waits, this is kept until the next wait, once, however often it happened. If several wait,
/// each set() ends one wait, that of the longest waiter. Works between fibers, threads and loops,
/// and in simulated worlds.
///
///     Event has_changed;
///     ...
///     has_changed.set();                                              // here
///     while (has_changed.wait(Deadline::never(), OnDrain::ends)) show_state();  // and there
///
/// Any thread. Not shared with processes that are forked. Destroy it when no fiber or thread waits
/// for it or will call it; the waiter whose wait a set() has ended may destroy it.
class Event {
 public:
  /// Reports that it has happened. Never waits.
  void set() noexcept { happened_.release_below(1); }

  /// Returns true if it has happened since the last wait. The next wait then waits for the next
  /// time. Never waits.
  bool take() noexcept { return happened_.try_acquire(); }

  /// Waits until it has happened since the last wait. Fails only where it would have to wait: with
  /// `timed_out` at `deadline`, with `cancelled`, with `draining` if `on_drain` says so, and with
  /// `resource_exhausted` if there is no memory or descriptor for the wait.
  Result<void> wait(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on) {
    return happened_.acquire(deadline, on_drain);
  }

 private:
  Semaphore happened_{0};
};

}  // namespace hotline
