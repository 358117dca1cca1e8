#pragma once

#include "hotline/core/public.h"
#include "hotline/engine/semaphore.h"

namespace hotline HOTLINE_PUBLIC {

/// An event that can happen many times, and for which fibers and threads wait. A set() while none
/// waits is remembered, and the next wait returns at once; several such calls count as one. If
/// several fibers or threads wait, each set() ends the wait of the one that has waited longest.
/// Works between fibers, threads and loops, and in simulated worlds.
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
  /// Marks the event as having happened, and so ends one wait, or the next one. Never waits.
  void set() noexcept { happened_.release_below(1); }

  /// Returns true if the event has happened since the last wait() or take(), and forgets that: the
  /// next wait() is then for the next set(). Never waits.
  bool take() noexcept { return happened_.try_acquire(); }

  /// Waits until the event happens; returns at once if it has happened since the last wait() or
  /// take(). Fails only where it would have to wait: with
  /// `timed_out` at `deadline`, with `cancelled`, with `draining` if `on_drain` says so, and with
  /// `resource_exhausted` if there is no memory or descriptor for the wait.
  Result<void> wait(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on) {
    return happened_.acquire(deadline, on_drain);
  }

 private:
  Semaphore happened_{0};
};

}  // namespace hotline
