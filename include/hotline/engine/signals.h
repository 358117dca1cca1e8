#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/on_drain.h"

namespace hotline HOTLINE_PUBLIC {

/// Receives signals without a signal handler. The signals are blocked in the thread that makes the
/// object, and in threads that it starts later; the thread that destroys the object unblocks them,
/// unless keep_blocked() says otherwise. Make it before other threads start: a signal that one of
/// them does not block has its usual effect there. Move only. One fiber or thread may wait at a
/// time. After a fiber of a loop has waited on it, only that loop may use it. In a simulated world
/// the test sends the signals.
///
///     auto reload = Signals::block({SIGHUP});
///     if (!reload) return fail(reload.error());
///     while (reload->wait(Deadline::never(), OnDrain::ends)) read_configuration();
///
/// A Server with SignalUse::drain takes SIGTERM, SIGINT and SIGHUP itself.
class Signals {
 public:
  /// Fails with `resource_exhausted` if no descriptor is left, and with `invalid_argument` for a
  /// number that is not a signal. SIGKILL and SIGSTOP cannot be received.
  static Result<Signals> block(std::span<const int> signals);
  static Result<Signals> block(std::initializer_list<int> signals) {
    return block(std::span(signals.begin(), signals.size()));
  }

  Signals(Signals&&) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  /// Leaves the signals blocked when this object is destroyed, for a program that is about to end:
  /// one that comes late does not change how it ends.
  void keep_blocked() noexcept;

  /// Waits for the next signal. Returns its number. Suspends the fiber; a thread without a loop
  /// blocks. A signal that comes several times before the wait is returned once. Fails with
  /// `timed_out` at `deadline`, with `cancelled`, and with `resource_exhausted` if there is no
  /// memory for the wait. A drain ends it with `draining` if `on_drain` says so and no signal has
  /// come.
  Result<int> wait(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on);

 private:
  struct State;
  explicit Signals(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// Returns those of `signals` that this process does not ignore. Pass the result to block(): a
/// parent that starts a program with a signal ignored, as nohup(1) does, means that the signal
/// should not affect it, but Signals would receive an ignored signal all the same.
std::vector<int> without_ignored(std::initializer_list<int> signals);

}  // namespace hotline
