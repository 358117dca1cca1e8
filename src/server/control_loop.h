#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "engine/loop_event.h"
#include "engine/event_loop.h"
#include "hotline/engine/signals.h"
#include "server/control_letters.h"
#include "server/runner.h"
#include "server/service.h"

namespace hotline::server {

/// The loop from which a server is run: it starts the Runner, takes signals, notices when a handler
/// loses what it needs, drains, cuts at the drain's deadline, and makes the report. Made and run
/// once; ask() on any thread at any time.
class ControlLoop {
 public:
  /// `services` do not change once run() is called. Both outlive the loop.
  ControlLoop(ServerState& state, std::vector<Service>& services)
      : state_(state), services_(services) {}
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  /// Blocks the signals that end the server, if its options say that they do, so that from now on
  /// they no longer kill. Idempotent.
  Result<void> block_signals();

  /// Asks the server to drain or to be cut, by kDrainEnd or kCancelEnd: the larger of two wins.
  /// Before run() it takes effect there. Allocates nothing.
  void ask(int end_code) noexcept;

  /// Serves until all has ended. Calls `on_serving` once everything that serves has been started;
  /// what that throws is logged. Blocks the thread; on a fiber of a loop it suspends that, and the
  /// control loop is a thread's of its own.
  Result<DrainReport> run(const std::function<void()>& on_serving);

 private:
  Result<DrainReport> run_here();
  Result<DrainReport> run_beside(engine::EventLoop& loop);
  Result<DrainReport> supervise(engine::EventLoop& control);
  Result<void> start(Runner& runner);
  Result<void> start_helpers(engine::EventLoop& control, engine::FiberGroup& helpers,
                             std::function<void()> wait_for_end);
  void end_helpers(engine::FiberGroup& helpers);
  void tell_serving() noexcept;
  void watch_signals();
  void watch_need(const Service& service);
  void pass_on(int ended);
  DrainReport end(Runner& runner, engine::LoopEvent& has_ended, engine::LoopEvent& has_asked);

  ServerState& state_;
  std::vector<Service>& services_;
  std::function<void()> on_serving_;
  std::optional<Signals> signals_;
  std::atomic<int> asked_code_ = 0;
  std::optional<Error> loss_;  ///< Why the server ends, if a handler has lost what it needs.
  ControlLetters letters_;
};

/// Returns what the services and tasks of a server have counted, all together.
Counters count(const ServerState& state, const std::vector<Service>& services);

}  // namespace hotline::server
