#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline {

/// Signals as values to wait for: nothing runs in a signal handler. They are blocked in the thread
/// that makes this, and in those that it starts later; they have their own effect again in the
/// thread that destroys it. Make it before other threads start: a signal that one of them does not
/// block has its usual effect there. Move only; one fiber or thread waits at a time, and where a
/// loop has waited, only that loop uses it. In a simulated world
/// those come that the test sends.
///
///     auto reload = Signals::block({SIGHUP});
///     if (!reload) return fail(reload.error());
///     while (reload->wait()) read_configuration();
///
/// A Server that drains at signals (SignalUse::drain) takes SIGTERM, SIGINT and SIGHUP itself.
class Signals {
 public:
  /// Fails with `resource_exhausted` if no descriptor is left, and with `invalid_argument` for a
  /// number that is not a signal. SIGKILL and SIGSTOP never come.
  static Result<Signals> block(std::span<const int> signals);
  static Result<Signals> block(std::initializer_list<int> signals) {
    return block(std::span(signals.begin(), signals.size()));
  }

  Signals(Signals&&) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();

  /// Waits for the next signal. Returns its number. Suspends the fiber; a thread without a loop
  /// blocks. A signal that comes several times before the wait is returned once. Fails with
  /// `timed_out` at `deadline`, with `cancelled`, and with `resource_exhausted` if there is no
  /// memory for the wait. A drain does not end it.
  Result<int> wait(Deadline deadline = Deadline::never());

 private:
  struct State;
  explicit Signals(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// Returns those of `signals` that this process does not ignore. The one that starts a program
/// decides with an ignored signal that it is not for the program, as nohup(1) does, and a shell for
/// background jobs; a signal that is blocked here would come all the same.
std::vector<int> without_ignored(std::initializer_list<int> signals);

}  // namespace hotline
