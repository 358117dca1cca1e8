#include "hotline/server/server.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <optional>

#include "core/check.h"
#include "engine/epoll/epoll_loop.h"
#include "engine/loop_event.h"
#include "engine/signal_actions.h"
#include "hotline/core/bytes.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/signals.h"
#include "server/control_letters.h"
#include "server/retry_pause.h"
#include "server/runner.h"
#include "server/service.h"

namespace hotline {

using engine::EventLoop;
using server::kRetryPause;
using server::Service;

namespace {

constexpr std::size_t kShownUriMax = 200;

/// Made without memory.
Error no_memory() {
  return {ErrorKind::resource_exhausted, ENOMEM, "start the server", {}, {}, {}};
}

Error no_stack() {
  return make_error(ErrorKind::resource_exhausted, "start a fiber", {}, "no stack is left");
}

/// What the end of a wait means for a server that this fiber runs. The fiber can wait again.
int end_asked_of_fiber(int ended) {
  engine::Scope& scope = engine::Engine::current().scope();
  scope.end_code = 0;
  if (scope.deadline.has_passed(now())) scope.deadline = Deadline::never();
  return ended == -engine::kDrainEnd ? engine::kDrainEnd : engine::kCancelEnd;
}

}  // namespace

struct Server::State {
  enum class Phase : std::uint8_t { open, bound, running, ended };

  State(const Server& of, ServerOptions given) : server(of), shared(std::move(given)) {
    shared.drain_server = [this] { ask(engine::kDrainEnd); };
  }

  Result<void> check_open(std::string_view what) const;
  Result<void> add(Result<Service> service);
  Counters count() const;
  Result<void> bind_services();
  Result<void> begin_run();
  Result<DrainReport> run_control();
  Result<DrainReport> run_beside(EventLoop& loop);

  void ask(int end_code) noexcept;
  Result<void> start(server::Runner& runner);
  Result<void> start_helpers(EventLoop& control, engine::FiberGroup& helpers,
                             std::function<void()> wait_for_end);
  void end_helpers(engine::FiberGroup& helpers);
  Result<DrainReport> supervise(EventLoop& control);
  void tell_serving() noexcept;
  void pass_on(int ended);
  Result<void> block_signals();
  void watch_signals();
  void watch_need(const Service& service);
  DrainReport end(server::Runner& runner, engine::LoopEvent& ended, engine::LoopEvent& asked);

  const Server& server;
  server::Shared shared;
  std::vector<Service> services;
  EngineDecision engine{EngineKind::epoll, {}};
  std::optional<Signals> signals;
  std::atomic<Phase> phase = Phase::open;
  std::atomic<int> asked_code = 0;
  std::optional<Error> loss;  ///< Why the server ends, if a handler has lost what it needs.
  server::ControlLetters letters;
};

Server::Server(ServerOptions options)
    : state_(std::make_unique<State>(*this, std::move(options))) {}
Server::~Server() = default;

Result<void> Server::add(std::string_view uri, Handler handler, std::string_view name) {
  return add_made(
      uri, [&](OptionTaker&) { return std::move(handler); }, name);
}

Result<void> Server::add_made(std::string_view uri, const HandlerMaker& make,
                              std::string_view name) {
  if (auto open = state_->check_open(uri); !open) return open;
  return state_->add(server::make_service(uri, make, name));
}

Result<void> Server::add(Listener listener, Handler handler, std::string_view name,
                         const Framing& framing) {
  check_use(static_cast<bool>(listener), "a listener that was moved from is added to a server");
  if (auto open = state_->check_open(name); !open) return open;
  return state_->add(
      server::make_service(std::move(listener), std::move(handler), framing, name));
}

Result<void> Server::add(DatagramSocket socket, Handler handler, std::string_view name) {
  check_use(static_cast<bool>(socket), "a datagram socket that was moved from is added to a server");
  if (auto open = state_->check_open(name); !open) return open;
  return state_->add(server::make_service(std::move(socket), std::move(handler), name));
}

Result<void> Server::add_task(std::string_view name, ServerTask task) {
  if (auto open = state_->check_open(name); !open) return open;
  if (!task) {
    return fail(make_error(ErrorKind::invalid_argument, "add the task",
                           escape(as_bytes(name), kShownUriMax),
                           "it is empty: no function is in it"));
  }
  state_->shared.tasks.push_back({std::string(name), std::move(task)});
  return {};
}

Result<void> Server::State::add(Result<Service> service) {
  if (!service) return fail(std::move(service.error()));
  services.push_back(std::move(*service));
  return {};
}

Result<void> Server::State::check_open(std::string_view what) const {
  if (phase == Phase::open) return {};
  return fail(make_error(ErrorKind::invalid_argument, "serve", escape(as_bytes(what), kShownUriMax),
                         "the server is bound already",
                         "add every endpoint and task before bind() and run()"));
}

Result<void> Server::bind() {
  switch (state_->phase) {
    case State::Phase::open: return state_->bind_services();
    case State::Phase::bound: return {};
    case State::Phase::running:
    case State::Phase::ended: break;
  }
  return fail(make_error(ErrorKind::invalid_argument, "bind", {}, "the server has begun to run",
                         "bind() comes before run(), which is for once"));
}

Result<void> Server::State::bind_services() {
  if (auto checked = server::check_options(shared.options); !checked) return checked;
  // Who bound says so next, perhaps to nobody.
  engine::ignore_failed_writes();
  if (auto blocked = block_signals(); !blocked) return blocked;
  if (shared.options.concurrency.kind == Concurrency::Kind::loops) {
    auto decision = choose_engine(shared.options.loop.engine);
    if (!decision) return fail(std::move(decision.error()));
    engine = std::move(*decision);
    shared.options.loop.engine = engine.engine;
  }
  for (Service& service : services) {
    auto bound = server::bind_service(service, shared.options, server::loop_count(shared.options));
    if (bound) continue;
    for (Service& each : services) each.unbind();
    return bound;
  }
  phase = Phase::bound;
  return {};
}

std::vector<BoundService> Server::services() const {
  std::vector<BoundService> bound;
  const bool is_open = state_->phase == State::Phase::open;
  for (const Service& service : state_->services) {
    bound.push_back({service.name, is_open ? service.wanted : service.bound});
  }
  return bound;
}

Counters Server::counters() const { return state_->count(); }

std::vector<ServiceCounters> Server::service_counters() const {
  std::vector<ServiceCounters> all;
  for (const Service& service : state_->services) {
    all.push_back({service.name, service.bound, service.tally->read()});
  }
  return all;
}

Counters Server::State::count() const {
  Counters sum = shared.tasks_tally.read();
  for (const Service& service : services) sum += service.tally->read();
  return sum;
}

const EngineDecision& Server::engine() const { return state_->engine; }

void Server::drain() { state_->ask(engine::kDrainEnd); }

void Server::cut() { state_->ask(engine::kCancelEnd); }

void Server::State::ask(int end_code) noexcept {
  int before = asked_code.load();
  while (before < end_code && !asked_code.compare_exchange_weak(before, end_code)) {
  }
  letters.post(end_code);
}

Result<DrainReport> Server::run() {
  if (auto begun = state_->begin_run(); !begun) return fail(std::move(begun.error()));
  EventLoop* const loop = EventLoop::running();
  // On a simulated engine there is one loop for everything.
  const bool is_simulated = engine::Engine::current().is_simulated();
  auto report = is_simulated      ? state_->supervise(*loop)
                : loop != nullptr ? state_->run_beside(*loop)
                                  : state_->run_control();
  state_->phase = State::Phase::ended;
  return report;
}

Result<void> Server::State::begin_run() {
  if (phase == Phase::open) {
    if (auto bound = bind_services(); !bound) return bound;
  }
  Phase before = Phase::bound;
  if (phase.compare_exchange_strong(before, Phase::running)) return {};
  return fail(make_error(ErrorKind::invalid_argument, "run the server", {},
                         before == Phase::running ? "it runs already" : "it has run, and ended",
                         "make another Server: each runs once"));
}

/// Never on a ring: with `processes` this very loop is what forks.
Result<DrainReport> Server::State::run_control() try {
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

/// The loop of the fiber that called goes on: the control loop is another thread's.
Result<DrainReport> Server::State::run_beside(EventLoop& loop) {
  const auto has_ended = std::make_shared<engine::LoopEvent>(loop);
  Result<DrainReport> report;
  // Made here: a thread that ends could not say that there was no memory for it.
  engine::Mailbox::Letters end;
  end.emplace_back([has_ended] { has_ended->set(); });
  auto on_end = [mailbox = loop.mailbox(), end = std::move(end)]() mutable {
    mailbox->post(std::move(end));
  };
  auto worker = loop.start_worker({.kind = engine::WorkerKind::blocking,
                                   .name = "control",
                                   .loop = {},
                                   .body = [&] { report = run_control(); },
                                   .on_end = std::move(on_end)});
  if (!worker) return fail(std::move(worker.error()));
  engine::Scope& scope = loop.scope();
  const Deadline deadline = scope.deadline;
  int asked_of_fiber = 0;
  while (const int ended = has_ended->wait(Deadline::never(), engine::OnDrain::ends)) {
    asked_of_fiber = std::max(asked_of_fiber, scope.end_code);
    ask(end_asked_of_fiber(ended));
  }
  scope.deadline = deadline;
  scope.end_code = asked_of_fiber;
  return report;
}

Result<void> Server::State::start(server::Runner& runner) try {
  return runner.start(services);
} catch (const std::bad_alloc&) {
  return fail(no_memory());
}

/// The fibers beside the one that runs the server: without one of them it could not be ended, or
/// would not notice that it has, or that it serves nobody. Where it fails, some may have begun.
Result<void> Server::State::start_helpers(EventLoop& control, engine::FiberGroup& helpers,
                                          std::function<void()> wait_for_end) try {
  bool has_all = control.spawn("ended", std::move(wait_for_end), &helpers);
  if (signals) {
    has_all &= control.spawn(
        "signals", [this] { watch_signals(); }, &helpers);
  }
  for (const Service& service : services) {
    if (!service.handler.wait_lost()) continue;
    has_all &= control.spawn(
        "need", [this, &service] { watch_need(service); }, &helpers);
  }
  if (has_all) return {};
  return fail(no_stack());
} catch (const std::bad_alloc&) {
  return fail(no_memory());
}

Result<DrainReport> Server::State::supervise(EventLoop& control) try {
  const auto shared_asked = std::make_shared<engine::LoopEvent>(control);
  engine::LoopEvent& has_asked = *shared_asked;
  engine::LoopEvent has_started(control);
  engine::LoopEvent has_ended(control);
  auto runner = server::make_runner(shared, control);
  letters.attach(control.mailbox(), shared_asked);
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
  report.loss = std::move(loss);
  return report;
} catch (const std::bad_alloc&) {
  // Nothing has begun yet.
  letters.detach();
  signals.reset();
  return fail(no_memory());
}

/// What there is to say goes unsaid if there is no memory for it.
void Server::State::tell_serving() noexcept {
  if (!shared.options.on_serving) return;
  try {
    shared.options.on_serving(server);
  } catch (...) {
    shared.log(LogLevel::error, "on_serving threw: the server goes on", {}, nullptr);
  }
}

void Server::State::end_helpers(engine::FiberGroup& helpers) {
  helpers.interrupt(engine::kCancelEnd);
  helpers.join();
  letters.detach();
  signals.reset();
}

/// From the moment that callers can be told where to call, a signal drains in place of killing.
Result<void> Server::State::block_signals() {
  if (shared.options.signals == SignalUse::none || signals) return {};
  // SIGTERM is never meant for others: a server that ignores it could only be killed.
  std::vector<int> ends = without_ignored({SIGINT, SIGHUP});
  ends.push_back(SIGTERM);
  auto blocked = Signals::block(ends);
  if (!blocked) return fail(std::move(blocked.error()));
  signals.emplace(std::move(*blocked));
  return {};
}

void Server::State::watch_signals() {
  bool is_first = true;
  for (;;) {
    if (signals->wait()) {
      // The first drains, though something else may have done so already; the second cuts.
      ask(is_first ? engine::kDrainEnd : engine::kCancelEnd);
      is_first = false;
    } else if (!sleep_for(kRetryPause)) {
      return;
    }
  }
}

/// A server that answers nobody must end: whoever started it can start it again.
void Server::State::watch_need(const Service& service) {
  Error lost = service.handler.wait_lost()();
  while (lost.kind == ErrorKind::resource_exhausted) {
    if (!sleep_for(kRetryPause)) return;
    lost = service.handler.wait_lost()();
  }
  if (lost.kind == ErrorKind::cancelled || lost.kind == ErrorKind::draining) return;
  shared.log(LogLevel::error, "the service is lost: the server ends", service.name, nullptr,
             lost.message());
  // Whoever ends it already need not be told.
  if (asked_code != 0) return;
  loss = std::move(lost);
  ask(engine::kDrainEnd);
}

/// What is asked of the fiber that runs the server is asked of the server; and the drain's deadline
/// cuts.
void Server::State::pass_on(int ended) {
  if (ended != 0) asked_code = std::max<int>(asked_code, end_asked_of_fiber(ended));
}

/// Waits for the calls to end, drains when asked to, cuts when that takes too long.
DrainReport Server::State::end(server::Runner& runner, engine::LoopEvent& has_ended,
                               engine::LoopEvent& has_asked) {
  DrainReport report;
  std::uint64_t ended_before = 0;
  int done_code = 0;
  Deadline deadline = Deadline::never();
  while (has_ended.wait(Deadline::at(now())) != 0) {
    const int code = asked_code;
    const Counters counters = count();
    if (code > done_code && done_code == 0) ended_before = counters.calls - counters.calls_in_flight;
    if (code == engine::kDrainEnd && done_code < code) {
      deadline = deadline_after(shared.options.drain_timeout);
      runner.drain();
      done_code = code;
    } else if (code == engine::kCancelEnd && done_code < code) {
      report.cut = counters.calls_in_flight;
      runner.cut();
      done_code = code;
      deadline = Deadline::never();
    }
    pass_on(has_asked.wait(deadline, engine::OnDrain::ends));
  }
  const Counters counters = count();
  report.calls = counters.calls;
  report.messages = counters.messages;
  report.finished = done_code == 0 ? 0 : counters.calls - ended_before - report.cut;
  report.handler_failures = counters.handler_failures;
  return report;
}

}  // namespace hotline
