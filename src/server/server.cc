#include "hotline/server/server.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

#include "engine/epoll/epoll_loop.h"
#include "engine/event.h"
#include "engine/signals.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/standard_streams.h"
#include "server/allowed_users.h"
#include "server/runner.h"
#include "server/service.h"

namespace hotline {

using engine::EventLoop;
using server::Service;

namespace {

// A want of memory passes; a server that gave up listening for signals could only be killed, and
// one that gave up watching what it needs would answer nobody.
constexpr Duration kRetryPause = std::chrono::milliseconds(20);

}  // namespace

struct Server::State {
  explicit State(ServerOptions given) : shared(std::move(given)) {
    shared.drain_server = [this] { ask(engine::kDrainEnd); };
  }

  void ask(int end_code);
  void take_letters(EventLoop& control, std::shared_ptr<engine::Event> has_asked);
  Result<DrainReport> supervise(EventLoop& control);
  void pass_on(int ended);
  Result<void> block_signals();
  void watch_signals();
  void watch_need(const Service& service);
  DrainReport end(server::Runner& runner, engine::Event& ended, engine::Event& asked);

  server::Shared shared;
  std::vector<Service> services;
  EngineDecision engine{EngineKind::epoll, {}};
  std::optional<engine::Signals> signals;
  bool is_bound = false;
  std::atomic<int> asked_code = 0;
  Error loss;  ///< Why the server ends, if a handler has lost what it needs; else kind `none`.
  std::mutex mutex;
  std::shared_ptr<engine::Mailbox> control_mailbox;  ///< With the mutex; while run runs,
  std::shared_ptr<engine::Event> asked;              ///< and what its letters set.
};

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Server::~Server() = default;

namespace {

/// A handler of streams alone has options of its own, perhaps of the same names.
Result<Framing> take_framing(OptionTaker& taker, const Handler& handler) {
  return handler.message() ? Framing::take_from(taker) : Framing();
}

Result<void> check_handler(const Endpoint& endpoint, const Framing& framing,
                           const Handler& handler) {
  const auto refuse = [&](std::string detail, std::string advice) {
    return fail(make_error(ErrorKind::invalid_argument, "serve", endpoint.format_without_options(),
                           std::move(detail), std::move(advice)));
  };
  const bool has_message = static_cast<bool>(handler.message());
  const bool has_datagram = has_message || handler.datagram();
  const bool has_stream = static_cast<bool>(handler.stream());
  const bool is_for_datagrams = is_datagram(endpoint.transport());
  if (framing.has_boundaries()) {
    if (is_for_datagrams) return refuse("datagrams need no framing", "leave framing= out");
    return {};
  }
  const bool fits = endpoint.transport() == Transport::fd ? has_datagram || has_stream
                    : is_for_datagrams                    ? has_datagram
                                                          : has_stream;
  if (fits) return {};
  if (is_for_datagrams) return refuse("this service is for streams", "use tcp:// or unix:");
  return has_message ? refuse("this service answers messages, and a stream has none by itself",
                              "say how they are framed, as in ?framing=lines")
                     : refuse("this service is for datagrams", "use udp:// or unixgram:");
}

}  // namespace

Result<void> Server::add(std::string_view uri, Handler handler, std::string_view name) {
  return add_made(
      uri, [&](OptionTaker&) { return std::move(handler); }, name);
}

Result<void> Server::add_made(std::string_view uri, const HandlerMaker& make,
                              std::string_view name) {
  auto endpoint = Endpoint::parse(uri);
  if (!endpoint) return fail(std::move(endpoint.error()));
  OptionTaker taker(*endpoint);
  auto handler = make(taker);
  if (!handler) return fail(std::move(handler.error()));
  auto socket = SocketOptions::take_from(taker);
  if (!socket) return fail(std::move(socket.error()));
  auto framing = take_framing(taker, *handler);
  if (!framing) return fail(std::move(framing.error()));
  Service service;
  service.name = name;
  service.wanted = *endpoint;
  service.handler = std::move(*handler);
  service.socket = std::move(*socket);
  service.framing = std::move(*framing);
  if (auto allowed = take_allowed_users(taker, service); !allowed) return allowed;
  if (auto finished = taker.finish(); !finished) return finished;
  auto fits = check_handler(service.wanted, service.framing, service.handler);
  if (!fits) return fits;
  state_->services.push_back(std::move(service));
  return {};
}

Result<void> Server::bind() {
  State& state = *state_;
  // Who bound says so next, perhaps to nobody.
  engine::ignore_failed_writes();
  if (auto checked = state.shared.admission.check(); !checked) return checked;
  if (auto blocked = state.block_signals(); !blocked) return blocked;
  if (state.shared.options.concurrency.kind == Concurrency::Kind::loops) {
    auto decision = choose_engine(state.shared.options.loop.engine);
    if (!decision) return fail(std::move(decision.error()));
    state.engine = std::move(*decision);
    state.shared.options.loop.engine = state.engine.engine;
  }
  for (Service& service : state.services) {
    auto bound = server::bind_service(service, state.shared.options,
                                      server::loop_count(state.shared.options));
    if (bound) continue;
    for (Service& each : state.services) {
      each.listeners.clear();
      each.sockets.clear();
    }
    return bound;
  }
  state.is_bound = true;
  return {};
}

std::vector<BoundService> Server::services() const {
  std::vector<BoundService> bound;
  for (const Service& service : state_->services) bound.push_back({service.name, service.bound});
  return bound;
}

const EngineDecision& Server::engine() const { return state_->engine; }

void Server::drain() { state_->ask(engine::kDrainEnd); }

void Server::cut() { state_->ask(engine::kCancelEnd); }

void Server::State::ask(int end_code) {
  int before = asked_code.load();
  while (before < end_code && !asked_code.compare_exchange_weak(before, end_code)) {
  }
  const std::lock_guard lock(mutex);
  if (!control_mailbox) return;
  // The letter may be read when this server has gone.
  control_mailbox->post([asked = asked] { asked->set(); });
}

Result<DrainReport> Server::run() {
  if (!state_->is_bound) {
    if (auto bound = bind(); !bound) return fail(std::move(bound.error()));
  }
  // On a simulated engine there is one loop for everything.
  if (engine::Engine::current().is_simulated()) return state_->supervise(*EventLoop::running());
  // Never a ring: with `processes` this very loop is what forks.
  auto control = engine::make_event_loop({.engine = EngineKind::epoll});
  if (!control) return fail(std::move(control.error()));
  Result<DrainReport> report;
  if (!(*control)->spawn("control", [&] { report = state_->supervise(**control); })) {
    return fail(make_error(ErrorKind::resource_exhausted, "start a fiber", {}, "no stack is left"));
  }
  (*control)->run();
  return report;
}

void Server::State::take_letters(EventLoop& control, std::shared_ptr<engine::Event> has_asked) {
  const std::lock_guard lock(mutex);
  control_mailbox = has_asked ? control.mailbox() : nullptr;
  asked = std::move(has_asked);
}

Result<DrainReport> Server::State::supervise(EventLoop& control) {
  const auto shared_asked = std::make_shared<engine::Event>(control);
  engine::Event& has_asked = *shared_asked;
  engine::Event has_ended(control);
  take_letters(control, shared_asked);
  auto runner = server::make_runner(shared, control);
  auto started = runner->start(services);
  engine::FiberGroup helpers(control);
  if (signals) {
    control.spawn(
        "signals", [&] { watch_signals(); }, &helpers);
  }
  for (const Service& service : services) {
    if (!service.handler.wait_lost()) continue;
    control.spawn(
        "need", [&] { watch_need(service); }, &helpers);
  }
  control.spawn(
      "ended",
      [&] {
        runner->wait();
        has_ended.set();
        has_asked.set();
      },
      &helpers);
  if (!started) ask(engine::kCancelEnd);
  DrainReport report = end(*runner, has_ended, has_asked);
  helpers.interrupt(engine::kCancelEnd);
  helpers.join();
  take_letters(control, nullptr);
  signals.reset();
  if (!started) return fail(std::move(started.error()));
  report.loss = std::move(loss);
  return report;
}

/// From the moment that callers can be told where to call, a signal drains in place of killing.
Result<void> Server::State::block_signals() {
  if (shared.options.signals == SignalUse::none || signals) return {};
  // SIGTERM is never meant for others: a server that ignores it could only be killed.
  std::vector<int> ends = engine::without_ignored({SIGINT, SIGHUP});
  ends.push_back(SIGTERM);
  auto blocked = engine::Signals::block(ends);
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
  if (ended == 0) return;
  engine::Engine::current().scope().end_code = 0;
  const int code = ended == -engine::kDrainEnd ? engine::kDrainEnd : engine::kCancelEnd;
  asked_code = std::max<int>(asked_code, code);
}

/// Waits for the calls to end, drains when asked to, cuts when that takes too long.
DrainReport Server::State::end(server::Runner& runner, engine::Event& has_ended,
                               engine::Event& has_asked) {
  DrainReport report;
  std::uint64_t ended_before = 0;
  int done_code = 0;
  Deadline deadline = Deadline::never();
  while (has_ended.wait(Deadline::at(now())) != 0) {
    const int code = asked_code;
    if (code > done_code && done_code == 0) ended_before = shared.started - shared.active;
    if (code == engine::kDrainEnd && done_code < code) {
      deadline = deadline_after(shared.options.drain_timeout);
      runner.drain();
      done_code = code;
    } else if (code == engine::kCancelEnd && done_code < code) {
      report.cut = shared.active;
      runner.cut();
      done_code = code;
      deadline = Deadline::never();
    }
    pass_on(has_asked.wait(deadline, engine::OnDrain::ends));
  }
  report.calls = shared.calls;
  report.finished = done_code == 0 ? 0 : shared.started - ended_before - report.cut;
  report.handler_failures = shared.handler_failures;
  return report;
}

namespace {

/// To nobody, if standard error cannot be written to: the server serves all the same.
void print_error(std::string line) { write_standard(StandardStream::error, line += '\n'); }

}  // namespace

int serve(std::string_view uri, Handler handler, ServerOptions options) {
  options.signals = SignalUse::drain;
  Server server(std::move(options));
  const auto refuse = [](const Error& error) {
    print_error("error: " + error.message());
    if (!error.hint().empty()) print_error("hint: " + error.hint());
    return 1;
  };
  if (auto added = server.add(uri, std::move(handler)); !added) return refuse(added.error());
  if (auto bound = server.bind(); !bound) return refuse(bound.error());
  for (const BoundService& each : server.services()) {
    print_error("listening " + each.endpoint.format());
  }
  const auto report = server.run();
  if (!report) return refuse(report.error());
  return report->loss.kind == ErrorKind::none ? 0 : refuse(report->loss);
}

}  // namespace hotline
