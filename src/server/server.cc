#include "hotline/server/server.h"

#include <atomic>

#include "core/check.h"
#include "engine/signal_actions.h"
#include "hotline/core/bytes.h"
#include "hotline/core/standard_error_log.h"
#include "server/confined_services.h"
#include "server/control_loop.h"
#include "server/missing_keys.h"
#include "server/reload.h"
#include "server/runner.h"
#include "server/service.h"

namespace hotline {

using server::Service;

namespace {

constexpr std::size_t kShownUriMax = 200;

}  // namespace

struct Server::State {
  enum class Phase : std::uint8_t { open, bound, running, ended };

  explicit State(const ServerOptions& options) : shared(options) {
    shared.drain_server = [this] { control.ask(engine::kDrainEnd); };
  }

  /// Records the end of the run, even if an exception ends the fiber that runs the server.
  class RunEnd {
   public:
    explicit RunEnd(State& state) : state_(state) {}
    RunEnd(const RunEnd&) = delete;
    RunEnd& operator=(const RunEnd&) = delete;
    ~RunEnd() { state_.phase = Phase::ended; }

   private:
    State& state_;
  };

  Result<void> check_open(std::string_view what) const;
  Result<void> add(Result<Service> service);
  Result<void> bind_services();
  Result<void> bind_all();
  Result<void> begin_run();

  std::optional<StandardErrorLog> own_log;
  server::ServerState shared;
  std::vector<Service> services;
  EngineDecision engine{EngineKind::epoll, {}};
  std::atomic<Phase> phase = Phase::open;
  server::ControlLoop control{shared, services};
};

Server::Server(ServerOptions options) : state_(std::make_unique<State>(options)) {}
Server::~Server() {
  check_use(
      state_->phase != State::Phase::running,
      "a server is destroyed while it runs: drain() or cut() it, and wait until run() returns");
}

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
  check_use(static_cast<bool>(listener), "a listener that was moved from cannot be served");
  if (auto open = state_->check_open(name); !open) return open;
  return state_->add(server::make_service(std::move(listener), std::move(handler), framing, name));
}

Result<void> Server::add(DatagramSocket socket, Handler handler, std::string_view name) {
  check_use(static_cast<bool>(socket), "a datagram socket that was moved from cannot be served");
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
  if (const ServerTask& task = service->handler.task()) {
    shared.tasks.push_back({service->name, task, service->handler.task_status()});
  }
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
                         "call bind() before run(); a server runs once"));
}

Result<void> Server::State::bind_services() {
  if (auto checked = server::check_options(shared.options); !checked) return checked;
  // The program writes next what it has bound, perhaps to a pipe without a reader.
  engine::ignore_failed_writes();
  if (auto blocked = control.block_signals(); !blocked) return blocked;
  if (shared.options.concurrency.kind == Concurrency::Kind::loops) {
    auto decision = choose_engine(shared.options.loop.engine);
    if (!decision) return fail(std::move(decision.error()));
    engine = std::move(*decision);
    shared.options.loop.engine = engine.engine;
  }
  // Counted once: a program that is confined cannot read its quota of processors.
  shared.options.concurrency.count = shared.options.concurrency.effective_count();
  auto bound = bind_all();
  if (bound) {
    phase = Phase::bound;
  } else {
    for (Service& each : services) each.unbind();
  }
  return bound;
}

Result<void> Server::State::bind_all() {
  for (Service& service : services) {
    auto bound = server::bind_service(service, shared.options, server::loop_count(shared.options));
    if (!bound) return bound;
  }
  server::warn_of_missing_keys(shared, services);
  shared.process_groups = engine::ProcessGroups::open();
  auto walls = server::confine_services(shared, services, engine.engine);
  if (!walls) return fail(std::move(walls.error()));
  shared.walls = std::move(*walls);
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

Counters Server::counters() const { return server::count(state_->shared, state_->services); }

std::vector<ServiceCounters> Server::service_counters() const {
  std::vector<ServiceCounters> all;
  for (const Service& service : state_->services) {
    all.push_back({service.name, service.bound, service.tally->read()});
  }
  return all;
}

const EngineDecision& Server::engine() const { return state_->engine; }

const Confinement& Server::confinement() const { return state_->shared.walls; }

void Server::drain() { state_->control.ask(engine::kDrainEnd); }

Result<void> Server::reload() {
  const State::Phase phase = state_->phase;
  if (phase == State::Phase::bound || phase == State::Phase::running) {
    return server::reload(state_->shared, state_->services);
  }
  return fail(make_error(
      ErrorKind::invalid_argument, "reload", {},
      phase == State::Phase::open ? "the server is not bound yet" : "the server has ended",
      "call reload() after bind(), and before run() returns"));
}

void Server::cut() { state_->control.ask(engine::kCancelEnd); }

Result<void> Server::prepare_to_serve(const std::function<void(const Server&)>& report_serving) {
  State& state = *state_;
  ServerOptions& options = state.shared.options;
  // A server that runs, or has run, is not changed: run() says so.
  if (state.phase != State::Phase::open && state.phase != State::Phase::bound) return {};
  options.signals = SignalUse::drain;
  if (options.log == nullptr) options.log = &state.own_log.emplace();
  options.on_serving = [report_serving, then = std::move(options.on_serving)](const Server& self) {
    report_serving(self);
    if (then) then(self);
  };
  return state.phase == State::Phase::bound ? state.control.block_signals() : Result<void>();
}

Result<DrainReport> Server::run() {
  if (auto begun = state_->begin_run(); !begun) return fail(std::move(begun.error()));
  const State::RunEnd end(*state_);
  return state_->control.run([this] {
    if (const auto& on_serving = state_->shared.options.on_serving) on_serving(*this);
  });
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

}  // namespace hotline
