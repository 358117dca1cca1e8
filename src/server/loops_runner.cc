#include "server/loops_runner.h"

#include <algorithm>
#include <cerrno>
#include <functional>

#include "engine/fiber_group.h"
#include "engine/process_limit.h"
#include "server/acceptor.h"
#include "server/call.h"
#include "server/datagram_service.h"
#include "server/frame_dispatcher.h"
#include "server/retry_pause.h"

namespace hotline::server {

using engine::EventLoop;
using engine::FiberGroup;

namespace {

/// How admitted calls come to a FrameDispatcher: at once, or after a fiber has authenticated them.
struct CallEntry {
  void operator()(AdmittedCall call) const {
    if (service.has_authentication()) return authenticate(std::move(call));
    log_begin(state, service, call);
    dispatcher.take(std::move(call));
  }

  void authenticate(AdmittedCall call) const {
    const Endpoint peer = call.stream.peer();
    auto body = [this, call = std::move(call)]() mutable {
      if (begin_call(state, service, call)) hand_over(std::move(call));
    };
    if (!loop.spawn("authenticate", std::move(body), &fibers)) refuse(peer);
  }

  void hand_over(AdmittedCall call) const noexcept {
    try {
      dispatcher.take(std::move(call));
    } catch (const std::bad_alloc&) {
      service.tally->count_refusal(Refusal::no_memory);
      state.log(LogLevel::warning, "refused: no memory is left", service.name, nullptr);
    }
  }

  void refuse(const Endpoint& peer) const {
    service.tally->count_refusal(Refusal::no_worker);
    state.log(LogLevel::error, "no memory for a fiber: the call is refused", service.name, &peer);
  }

  ServerState& state;
  const Service& service;
  EventLoop& loop;
  FiberGroup& fibers;
  FrameDispatcher& dispatcher;
};

}  // namespace

/// What one loop does. Its functions run there, except the constructor, start, begin and interrupt.
class LoopsRunner::Loop {
 public:
  Loop(LoopsRunner& runner, std::vector<Service>& services, std::size_t index)
      : runner_(runner), services_(services), index_(index) {}

  Result<void> start();
  void begin();
  void interrupt(int end_code) {
    if (worker_) worker_->interrupt(end_code);
  }
  bool has_ended() const { return has_ended_ || !worker_; }

 private:
  void run();
  template <typename Body>
  bool spawn(EventLoop& loop, std::string_view name, const std::string& service, FiberGroup& fibers,
             const Body& body);
  void run_tasks(EventLoop& loop, FiberGroup& fibers);
  void take_callers(EventLoop& loop, Service& service, FiberGroup& fibers);
  void take_framed_callers(EventLoop& loop, Service& service, FiberGroup& fibers);
  void take_messages(EventLoop& loop, Service& service, FiberGroup& fibers);

  LoopsRunner& runner_;
  std::vector<Service>& services_;
  std::size_t index_;
  std::unique_ptr<engine::Worker> worker_;
  std::list<FrameDispatcher> dispatchers_;
  engine::LoopEvent* has_begun_ = nullptr;
  bool may_begin_ = false;
  bool has_ended_ = false;  ///< Used by the control loop's thread only.
};

Result<void> LoopsRunner::Loop::start() {
  // Made here, because a thread that ends could not report a lack of memory.
  engine::Mailbox::Letters end;
  end.emplace_back([this] {
    has_ended_ = true;
    runner_.ended_.set();
  });
  auto on_end = [this, end = std::move(end)]() mutable {
    runner_.control_.mailbox()->post(std::move(end));
  };
  auto worker = engine::Engine::current().start_worker({.kind = engine::WorkerKind::loop,
                                                        .name = "server",
                                                        .loop = runner_.state_.options.loop,
                                                        .body = [this] { run(); },
                                                        .on_end = std::move(on_end)});
  if (!worker) {
    Error error = std::move(worker.error());
    if (error.native_code == EAGAIN) {
      error.advice = engine::process_limit_hint(runner_.state_.process_groups);
    }
    return fail(std::move(error));
  }
  worker_ = std::move(*worker);
  return {};
}

void LoopsRunner::Loop::run() {
  EventLoop& loop = *EventLoop::running();
  engine::LoopEvent has_begun(loop);
  has_begun_ = &has_begun;
  if (!may_begin_) has_begun.wait();
  has_begun_ = nullptr;
  // A drain or cancel of this fiber during the join reaches them.
  FiberGroup fibers(loop);
  for (Service& service : services_) {
    if (index_ < service.listeners.size()) {
      const bool is_dispatched = service.is_framed() && service.framing.can_pipeline();
      is_dispatched ? take_framed_callers(loop, service, fibers)
                    : take_callers(loop, service, fibers);
    }
    if (index_ < service.sockets.size()) take_messages(loop, service, fibers);
  }
  if (index_ == 0) run_tasks(loop, fibers);
  fibers.join();
  dispatchers_.clear();
}

void LoopsRunner::Loop::run_tasks(EventLoop& loop, FiberGroup& fibers) {
  ServerState& state = runner_.state_;
  for (const Task& task : state.tasks) {
    spawn(loop, "task", task.name, fibers, [&state, &task] { run_task(state, task); });
  }
}

/// Spawns `body` for `service`, as soon as there is a stack and memory for it: without that fiber
/// the loop would serve no caller. Returns false if a drain or a cut comes first.
template <typename Body>
bool LoopsRunner::Loop::spawn(EventLoop& loop, std::string_view name, const std::string& service,
                              FiberGroup& fibers, const Body& body) {
  return try_until_done([&] {
    if (loop.spawn(name, body, &fibers)) return true;
    runner_.state_.log(LogLevel::warning, "cannot serve for now", service, nullptr,
                       "no memory is left for a fiber");
    return false;
  });
}

void LoopsRunner::Loop::take_callers(EventLoop& loop, Service& service, FiberGroup& fibers) {
  ServerState& state = runner_.state_;
  const auto start = [&loop, &service, &state, &fibers](AdmittedCall call) {
    // If no stack is left, the body does not run and the call ends.
    const Endpoint peer = call.stream.peer();
    auto body = [&state, &service, call = std::move(call)]() mutable {
      run_call(state, service, std::move(call));
    };
    if (loop.spawn(service.name, std::move(body), &fibers)) return;
    service.tally->count_refusal(Refusal::no_worker);
    state.log(LogLevel::error, "no memory for a fiber: the call is refused", service.name, &peer);
  };
  Listener& listener = service.listeners[index_];
  const auto accept = [&state, &service, &listener, start] {
    Acceptor(state, service, listener, std::cref(start)).run();
  };
  if (!spawn(loop, "accept", service.name, fibers, accept)) listener.close();
}

/// Accepts calls that have no fiber of their own, because messages are answered as they arrive.
void LoopsRunner::Loop::take_framed_callers(EventLoop& loop, Service& service, FiberGroup& fibers) {
  Listener& listener = service.listeners[index_];
  FrameDispatcher* dispatcher = nullptr;
  const bool is_made = try_until_done([&] {
    dispatcher = &dispatchers_.emplace_back(runner_.state_, service, loop);
    return true;
  });
  const auto accept = [this, &loop, &service, &listener, dispatcher] {
    FiberGroup authenticating(loop);
    const CallEntry entry{runner_.state_, service, loop, authenticating, *dispatcher};
    Acceptor(runner_.state_, service, listener, std::cref(entry)).run();
    // A drain or cancel of this fiber reaches them.
    authenticating.join();
    dispatcher->stop_taking();
  };
  const bool is_dispatched =
      is_made && spawn(loop, "frames", service.name, fibers, [dispatcher] { dispatcher->run(); });
  if (is_dispatched && spawn(loop, "accept", service.name, fibers, accept)) return;
  listener.close();
  if (dispatcher != nullptr) dispatcher->stop_taking();
}

void LoopsRunner::Loop::take_messages(EventLoop& loop, Service& service, FiberGroup& fibers) {
  DatagramSocket& socket = service.sockets[index_];
  const auto serve = [this, &service, &socket] {
    serve_datagrams(runner_.state_, service, socket);
    if (socket) socket.close();
  };
  if (!spawn(loop, "datagrams", service.name, fibers, serve)) socket.close();
}

void LoopsRunner::Loop::begin() {
  worker_->post([this] {
    may_begin_ = true;
    if (has_begun_ != nullptr) has_begun_->set();
  });
}

LoopsRunner::LoopsRunner(ServerState& state, EventLoop& control)
    : state_(state), control_(control), ended_(control) {}

LoopsRunner::~LoopsRunner() = default;

Result<void> LoopsRunner::start(std::vector<Service>& services) {
  Result<void> started;
  for (std::size_t i = 0; i < loop_count(state_.options); ++i) {
    loops_.emplace_back(*this, services, i);
    started = loops_.back().start();
    if (started) continue;
    loops_.pop_back();
    cut();
    break;
  }
  // Starts all of them at once, so that callers of the first loop do not use the resources that the
  // last loop needs.
  for (Loop& loop : loops_) loop.begin();
  return started;
}

void LoopsRunner::drain() {
  for (Loop& loop : loops_) loop.interrupt(engine::kDrainEnd);
}

void LoopsRunner::cut() {
  for (Loop& loop : loops_) loop.interrupt(engine::kCancelEnd);
}

void LoopsRunner::wait() {
  const auto has_ended = [](const Loop& loop) { return loop.has_ended(); };
  while (!std::ranges::all_of(loops_, has_ended)) ended_.wait();
}

}  // namespace hotline::server
