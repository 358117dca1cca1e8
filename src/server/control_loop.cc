#include "server/control_loop.h"

#include <signal.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "engine/terminal.h"
#include "hotline/engine/clock.h"
#include "server/reload.h"
#include "server/retry_pause.h"

namespace hotline::server {

using engine::EventLoop;

namespace {

/// Made without memory.
Error no_memory() {
  return {ErrorKind::resource_exhausted, ENOMEM, "start the server", {}, {}, {}};
}

Error no_stack() {
  return make_error(ErrorKind::resource_exhausted, "start a fiber", {}, "no stack is left");
}

constexpr std::string_view kUnfinishedTask =
    "a task; a drain ends only its waits for something new, and OnDrain::ends";

/// Returns what the end of a wait asks of the server that this fiber runs: kDrainEnd or kCancelEnd.
/// Clears it, so that the fiber can wait again.
int end_asked_of_fiber(int ended) {
  engine::Scope& scope = engine::Engine::current().scope();
  scope.end_code = 0;
  if (scope.deadline.has_passed(now())) scope.deadline = Deadline::never();
  return ended == -engine::kDrainEnd ? engine::kDrainEnd : engine::kCancelEnd;
}

}  // namespace

Counters count(const ServerState& state, const std::vector<Service>& services) {
  Counters sum = state.tasks_tally.read();
  for (const Service& service : services) sum += service.tally->read();
  return sum;
}

void ControlLoop::ask(int end_code) noexcept {
  int before = asked_code_.load();
  while (before < end_code && !asked_code_.compare_exchange_weak(before, end_code)) {
  }
  letters_.post(end_code);
}

Result<DrainReport> ControlLoop::run(const std::function<void()>& on_serving) {
  assert(!on_serving_ && on_serving && "a server runs once");
  on_serving_ = on_serving;
  EventLoop* const loop = EventLoop::running();
  // On a simulated engine there is one loop for everything.
  if (engine::Engine::current().is_simulated()) return supervise(*loop);
  return loop != nullptr ? run_beside(*loop) : run_here();
}

/// Never on a ring: with `processes` this loop forks.
Result<DrainReport> ControlLoop::run_here() try {
  auto control = engine::make_event_loop({.engine = EngineKind::epoll});
  if (!control) return fail(std::move(control.error()));
  Result<DrainReport> report;
  if (!(*control)->spawn("control", [&] { report = supervise(**control); })) {
    return fail(no_stack());
  }
  (*control)->run();
  return report;
} catch (const std::bad_alloc&) {
  return fail(no_memory());
}

/// The loop of the calling fiber goes on, because the control loop runs on another thread.
Result<DrainReport> ControlLoop::run_beside(EventLoop& loop) {
  const auto has_ended = std::make_shared<engine::LoopEvent>(loop);
  Result<DrainReport> report;
  // Made here, because a thread that ends could not report a lack of memory.
  engine::Mailbox::Letters end;
  end.emplace_back([has_ended] { has_ended->set(); });
  auto on_end = [mailbox = loop.mailbox(), end = std::move(end)]() mutable {
    mailbox->post(std::move(end));
  };
  auto worker = loop.start_worker({.kind = engine::WorkerKind::blocking,
                                   .name = "control",
                                   .loop = {},
                                   .body = [&] { report = run_here(); },
                                   .on_end = std::move(on_end)});
  if (!worker) return fail(std::move(worker.error()));
  engine::Scope& scope = loop.scope();
  const Deadline deadline = scope.deadline;
  int asked_of_fiber = 0;
  while (const int ended = has_ended->wait(Deadline::never(), OnDrain::ends)) {
    asked_of_fiber = std::max(asked_of_fiber, scope.end_code);
    ask(end_asked_of_fiber(ended));
  }
  scope.deadline = deadline;
  scope.end_code = asked_of_fiber;
  return report;
}

Result<void> ControlLoop::start(Runner& runner) try {
  return runner.start(services_);
} catch (const std::bad_alloc&) {
  return fail(no_memory());
}

/// Starts the fibers beside the one that runs the server. All are needed: they end the server, and
/// notice that it has ended or can no longer serve. After a failure, some of them may have started.
Result<void> ControlLoop::start_helpers(EventLoop& control, engine::FiberGroup& helpers,
                                        std::function<void()> wait_for_end) try {
  bool has_all = control.spawn("ended", std::move(wait_for_end), &helpers);
  if (signals_) {
    has_all &= control.spawn(
        "signals", [this] { watch_signals(); }, &helpers);
  }
  for (const Service& service : services_) {
    if (!service.handler.wait_lost()) continue;
    has_all &= control.spawn(
        "need", [this, &service] { watch_need(service); }, &helpers);
  }
  if (has_all) return {};
  return fail(no_stack());
} catch (const std::bad_alloc&) {
  return fail(no_memory());
}

Result<DrainReport> ControlLoop::supervise(EventLoop& control) try {
  const auto shared_asked = std::make_shared<engine::LoopEvent>(control);
  engine::LoopEvent& has_asked = *shared_asked;
  engine::LoopEvent has_started(control);
  engine::LoopEvent has_ended(control);
  auto runner = make_runner(state_, control);
  letters_.attach(control.mailbox(), shared_asked);
  engine::FiberGroup helpers(control);
  auto started = start_helpers(control, helpers, [&] {
    if (has_started.wait() != 0) return;
    runner->wait();
    has_ended.set();
    has_asked.set();
  });
  if (!started) {
    end_helpers(helpers);
    return fail(std::move(started.error()));
  }
  started = start(*runner);
  has_started.set();
  if (!started) ask(engine::kCancelEnd);
  if (started) tell_serving();
  DrainReport report = end(*runner, has_ended, has_asked);
  end_helpers(helpers);
  if (!started) return fail(std::move(started.error()));
  report.loss = std::move(loss_);
  return report;
} catch (const std::bad_alloc&) {
  // No service has begun: from then on nothing here takes memory that may lack.
  letters_.detach();
  signals_.reset();
  return fail(no_memory());
}

void ControlLoop::tell_serving() noexcept {
  try {
    on_serving_();
  } catch (...) {
    state_.log(LogLevel::error, "on_serving threw: the server goes on", {}, nullptr);
  }
}

void ControlLoop::end_helpers(engine::FiberGroup& helpers) {
  helpers.interrupt(engine::kCancelEnd);
  helpers.join();
  letters_.detach();
  signals_.reset();
}

Result<void> ControlLoop::block_signals() {
  if (state_.options.signals == SignalUse::none || signals_) return {};
  // SIGTERM ends the server even if it is ignored: otherwise only SIGKILL would.
  std::vector<int> heeded = without_ignored({SIGINT});
  heeded.push_back(SIGTERM);
  // Taken though it is ignored, as after nohup: a reload does no harm.
  heeded.push_back(SIGHUP);
  ends_without_terminal_ = !without_ignored({SIGHUP}).empty() && engine::has_terminal();
  auto blocked = Signals::block(heeded);
  if (!blocked) return fail(std::move(blocked.error()));
  signals_.emplace(std::move(*blocked));
  return {};
}

void ControlLoop::watch_signals() {
  bool is_first = true;
  for (;;) {
    const auto signal = signals_->wait();
    if (signal && *signal == SIGHUP && !(ends_without_terminal_ && !engine::has_terminal())) {
      reload_now();
    } else if (signal) {
      // The first drains, even if the server drains already; the second cuts.
      ask(is_first ? engine::kDrainEnd : engine::kCancelEnd);
      is_first = false;
    } else if (!sleep_for(kRetryPause)) {
      return;
    }
  }
}

void ControlLoop::reload_now() noexcept {
  try {
    discard(reload(state_, services_));
  } catch (const std::bad_alloc&) {
    state_.log(LogLevel::error, "cannot reload: no memory is left", {}, nullptr);
  }
}

/// A server that cannot answer must end, so that its supervisor can start it again.
void ControlLoop::watch_need(const Service& service) {
  Error lost = service.handler.wait_lost()();
  while (lost.kind == ErrorKind::resource_exhausted) {
    if (!sleep_for(kRetryPause)) return;
    lost = service.handler.wait_lost()();
  }
  if (lost.kind == ErrorKind::cancelled || lost.kind == ErrorKind::draining) return;
  state_.log(LogLevel::error, "the service is lost: the server ends", service.name, nullptr,
             lost.message());
  // Already draining; the loss needs no report.
  if (asked_code_ != 0) return;
  loss_ = std::move(lost);
  ask(engine::kDrainEnd);
}

/// A drain or a cancel of the fiber that runs the server, and the drain's deadline, apply to the
/// server.
void ControlLoop::pass_on(int ended) {
  if (ended != 0) asked_code_ = std::max<int>(asked_code_, end_asked_of_fiber(ended));
}

std::string ControlLoop::status_of_tasks() const {
  std::string all;
  for (const Task& task : state_.tasks) {
    if (task.running.read() == 0 || !task.status) continue;
    const std::string status = task.status();
    if (status.empty()) continue;
    all += (all.empty() ? "" : ", ") + status;
  }
  return all;
}

/// Logs what has not ended by itself in a drain that is being cut.
void ControlLoop::log_unfinished() const {
  const auto warn = [this](const std::string& name, std::string_view what) {
    state_.log(LogLevel::warning, "the drain is cut: this has not ended", name, nullptr, what);
  };
  for (const Task& task : state_.tasks) {
    if (task.running.read() == 0) continue;
    const std::string status = task.status ? task.status() : std::string();
    warn(task.name, status.empty() ? kUnfinishedTask : status);
  }
  for (const Service& service : services_) {
    const std::uint64_t calls = service.tally->read().calls_in_flight;
    if (calls != 0) warn(service.name, std::to_string(calls) + (calls == 1 ? " call" : " calls"));
    if (service.receivers.read() != 0) warn(service.name, "its datagram handler");
  }
}

/// Nothing may keep the cut from following: `TaskStatus` belongs to the user, and memory may lack.
void ControlLoop::note_unfinished(DrainReport& report, int done_code) const noexcept {
  try {
    report.cut_tasks = status_of_tasks();
    if (done_code == engine::kDrainEnd) log_unfinished();
  } catch (...) {
    state_.log(LogLevel::error, "the status of a task threw: what is cut is not known", {},
               nullptr);
  }
}

/// Waits for the calls to end, drains when asked to, cuts when that takes too long.
DrainReport ControlLoop::end(Runner& runner, engine::LoopEvent& has_ended,
                             engine::LoopEvent& has_asked) {
  DrainReport report;
  std::uint64_t ended_before = 0;
  int done_code = 0;
  Deadline deadline = Deadline::never();
  while (has_ended.wait(Deadline::at(now())) != 0) {
    const int code = asked_code_;
    const Counters counters = count(state_, services_);
    if (code > done_code && done_code == 0)
      ended_before = counters.calls - counters.calls_in_flight;
    if (code == engine::kDrainEnd && done_code < code) {
      deadline = deadline_after(state_.options.drain_timeout);
      runner.drain();
      done_code = code;
    } else if (code == engine::kCancelEnd && done_code < code) {
      report.cut = counters.calls_in_flight;
      note_unfinished(report, done_code);
      runner.cut();
      done_code = code;
      deadline = Deadline::never();
    }
    pass_on(has_asked.wait(deadline, OnDrain::ends));
  }
  const Counters counters = count(state_, services_);
  report.calls = counters.calls;
  report.messages = counters.messages;
  report.replies = counters.replies;
  report.error_replies = counters.error_replies;
  report.finished = done_code == 0 ? 0 : counters.calls - ended_before - report.cut;
  report.handler_failures = counters.handler_failures;
  return report;
}

}  // namespace hotline::server
