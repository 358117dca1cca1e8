#include "server/loops_runner.h"

#include <algorithm>
#include <future>
#include <system_error>

#include "engine/fiber_group.h"
#include "server/acceptor.h"
#include "server/call.h"
#include "server/dispatcher.h"

namespace hotline::server {

using engine::EventLoop;
using engine::FiberGroup;

/// One loop and its thread. Everything but the constructor, start and post runs on that thread.
class LoopsRunner::Worker {
 public:
  Worker(LoopsRunner& runner, std::vector<Service>& services, std::size_t index)
      : runner_(runner), services_(services), index_(index) {}

  Result<void> start();
  void begin();
  void interrupt(int end_code);
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  bool has_ended() const { return has_ended_; }

 private:
  void run(std::promise<Result<void>>& started);
  void serve(EventLoop& loop);
  void take_callers(EventLoop& loop, Service& service);
  void take_messages(EventLoop& loop, Service& service);

  LoopsRunner& runner_;
  std::vector<Service>& services_;
  std::size_t index_;
  std::thread thread_;
  std::shared_ptr<engine::Mailbox> mailbox_;
  engine::Event* begin_ = nullptr;
  FiberGroup* takers_ = nullptr;
  FiberGroup* calls_ = nullptr;
  bool has_ended_ = false;  ///< Of the control loop's thread.
};

Result<void> LoopsRunner::Worker::start() {
  std::promise<Result<void>> started;
  auto outcome = started.get_future();
  try {
    thread_ = std::thread([this, &started] { run(started); });
  } catch (const std::system_error& error) {
    return fail(system_error(error.code().value(), "start a thread for an event loop"));
  }
  return outcome.get();
}

void LoopsRunner::Worker::run(std::promise<Result<void>>& started) {
  // A ring belongs to the thread that made it.
  auto loop = engine::make_event_loop(runner_.shared_.options.loop);
  if (!loop) {
    started.set_value(fail(std::move(loop.error())));
    return;
  }
  mailbox_ = (*loop)->mailbox();
  FiberGroup takers(**loop);
  FiberGroup calls(**loop);
  engine::Event has_begun(**loop);
  takers_ = &takers;
  calls_ = &calls;
  begin_ = &has_begun;
  (*loop)->spawn("server", [&] {
    has_begun.wait();
    serve(**loop);
  });
  started.set_value({});
  (*loop)->run();
  loop->reset();
  runner_.control_.mailbox()->post([this] {
    has_ended_ = true;
    runner_.ended_.set();
  });
}

void LoopsRunner::Worker::serve(EventLoop& loop) {
  for (Service& service : services_) {
    if (index_ < service.listeners.size()) take_callers(loop, service);
    if (index_ < service.sockets.size()) take_messages(loop, service);
  }
  takers_->join();
  calls_->join();
}

void LoopsRunner::Worker::take_callers(EventLoop& loop, Service& service) {
  Shared& shared = runner_.shared_;
  const auto start = [this, &loop, &service, &shared](Stream call) {
    // If there is no stack left the body goes unrun, and the call with it: the limits must know.
    const Endpoint peer = call.peer();
    auto body = [&shared, &service, call = std::move(call)]() mutable {
      run_call(shared, service, std::move(call));
    };
    if (loop.spawn(service.name, std::move(body), calls_)) return;
    shared.active.fetch_sub(1, std::memory_order_relaxed);
    shared.admission.leave(peer);
    shared.log(LogLevel::error, "no memory for a fiber: the call is refused", service.name, &peer);
  };
  loop.spawn(
      "accept",
      [&shared, &service, index = index_, start] {
        Acceptor(shared, service, service.listeners[index], start).run();
      },
      takers_);
}

void LoopsRunner::Worker::take_messages(EventLoop& loop, Service& service) {
  loop.spawn(
      "datagrams",
      [this, &service] {
        DatagramSocket& socket = service.sockets[index_];
        if (service.handler.message()) {
          Dispatcher(runner_.shared_, service, socket).run();
        } else {
          service.handler.datagram()(socket);
        }
        socket.close();
      },
      takers_);
}

void LoopsRunner::Worker::begin() {
  mailbox_->post([this] { begin_->set(); });
}

void LoopsRunner::Worker::interrupt(int end_code) {
  mailbox_->post([this, end_code] {
    takers_->interrupt(end_code);
    calls_->interrupt(end_code);
  });
}

LoopsRunner::LoopsRunner(Shared& shared, EventLoop& control)
    : shared_(shared), control_(control), ended_(control) {}

LoopsRunner::~LoopsRunner() {
  for (Worker& worker : workers_) worker.join();
}

Result<void> LoopsRunner::start(std::vector<Service>& services) {
  Result<void> started;
  for (std::size_t i = 0; i < loop_count(shared_.options); ++i) {
    workers_.emplace_back(*this, services, i);
    started = workers_.back().start();
    if (started) continue;
    workers_.back().join();
    workers_.pop_back();
    cut();
    break;
  }
  // All of them at once: callers of the first must not take what the last one's loop still needs.
  for (Worker& worker : workers_) worker.begin();
  return started;
}

void LoopsRunner::drain() {
  for (Worker& worker : workers_) worker.interrupt(engine::kDrainEnd);
}

void LoopsRunner::cut() {
  for (Worker& worker : workers_) worker.interrupt(engine::kCancelEnd);
}

void LoopsRunner::wait() {
  const auto has_ended = [](const Worker& worker) { return worker.has_ended(); };
  while (!std::ranges::all_of(workers_, has_ended)) ended_.wait();
}

}  // namespace hotline::server
