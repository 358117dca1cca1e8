#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "hotline/engine/signals.h"
#include "server/control_letters.h"
#include "server/runner.h"
#include "server/service.h"

namespace hotline::server {

/// The loop that runs a server: it starts the Runner, receives signals, notices when a handler
/// loses what it needs, drains, cuts at the drain's deadline, and makes the report. It runs once.
/// Any thread may call ask() at any time.
class ControlLoop {
 public:
  /// `services` must not change after run() has been called. Both must outlive the loop.
  ControlLoop(ServerState& state, std::vector<Service>& services)
      : state_(state), services_(services) {}
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  /// With SignalUse::drain, blocks the signals that end the server, so that they no longer kill the
  /// process. Idempotent.
  Result<void> block_signals();

  /// Drains the server (kDrainEnd) or cuts it (kCancelEnd, which wins over a drain). Before run()
  /// it takes effect as run() begins. Allocates nothing.
  void ask(int end_code) noexcept;

  /// Serves until everything has ended. Calls `on_serving` after every part of the server has
  /// started, and logs what it throws. Blocks the thread; on a fiber of a loop it suspends the
  /// fiber, and the control loop runs on a thread of its own.
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
  void reload_now() noexcept;
  void watch_need(const Service& service);
  void pass_on(int ended);
  std::string status_of_tasks() const;
  void log_unfinished() const;
  void note_unfinished(DrainReport& report, int done_code) const noexcept;
  DrainReport end(Runner& runner, engine::LoopEvent& has_ended, engine::LoopEvent& has_asked);

  ServerState& state_;
  std::vector<Service>& services_;
  std::function<void()> on_serving_;
  std::optional<Signals> signals_;
  bool ends_without_terminal_ = false;  ///< A SIGHUP ends the server if its terminal is gone.
  std::atomic<int> asked_code_ = 0;
  std::optional<Error> loss_;  ///< Why the server ends, if a handler has lost what it needs.
  ControlLetters letters_;
};

/// Returns the sum of the counters of all services and tasks.
Counters count(const ServerState& state, const std::vector<Service>& services);

}  // namespace hotline::server
