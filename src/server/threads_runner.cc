#include "server/threads_runner.h"

#include <algorithm>
#include <system_error>

#include "engine/blocking/blocking_engine.h"
#include "server/acceptor.h"
#include "server/call.h"
#include "server/dispatcher.h"

namespace hotline::server {

ThreadsRunner::~ThreadsRunner() {
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

Result<void> ThreadsRunner::start(std::vector<Service>& services) {
  const Concurrency& concurrency = shared_.options.concurrency;
  const bool is_serial = concurrency.kind == Concurrency::Kind::serial;
  const std::size_t socket_threads =
      is_serial ? 1
                : std::min<std::size_t>(concurrency.effective_count(),
                                        std::max(1U, std::thread::hardware_concurrency()));
  bool has_started = true;
  for (Service& service : services) {
    for (Listener& listener : service.listeners) {
      has_started &= start_thread([this, &service, &listener] { take_callers(service, listener); });
    }
    if (service.sockets.empty()) continue;
    while (service.sockets.size() < socket_threads) {
      auto another = service.sockets.front().share();
      if (!another) return fail(std::move(another.error()));
      service.sockets.push_back(std::move(*another));
    }
    for (DatagramSocket& socket : service.sockets) {
      has_started &= start_thread([this, &service, &socket] { take_messages(service, socket); });
    }
  }
  if (has_started) return {};
  return fail(
      make_error(ErrorKind::resource_exhausted, "start a thread", {}, "the system has none left"));
}

bool ThreadsRunner::start_thread(std::function<void()> body) {
  const std::lock_guard lock(mutex_);
  join_ended();
  Worker& worker = workers_.emplace_back();
  // Asked for before this thread was there.
  if (end_code_ == engine::kDrainEnd) worker.interrupter.drain();
  if (end_code_ == engine::kCancelEnd) worker.interrupter.cancel();
  try {
    worker.thread = std::thread([this, &worker, body = std::move(body)] {
      {
        const engine::BlockingEngine::Interruptible engine(worker.interrupter);
        body();
      }
      const std::lock_guard ending(mutex_);
      worker.has_ended = true;
      control_.mailbox()->post([this] { ended_.set(); });
    });
  } catch (const std::system_error&) {
    workers_.pop_back();
    return false;
  }
  return true;
}

/// Frees what threads that have ended still hold. With the mutex held.
void ThreadsRunner::join_ended() {
  std::erase_if(workers_, [](Worker& worker) {
    if (!worker.has_ended) return false;
    worker.thread.join();
    return true;
  });
}

void ThreadsRunner::take_callers(Service& service, Listener& listener) {
  const bool is_serial = shared_.options.concurrency.kind == Concurrency::Kind::serial;
  Acceptor(shared_, service, listener, [&](Stream call) {
    if (is_serial) {
      run_call(shared_, service, std::move(call));
    } else {
      start_call(service, std::move(call));
    }
  }).run();
}

void ThreadsRunner::start_call(Service& service, Stream call) {
  const Endpoint peer = call.peer();
  auto taken = std::make_shared<Stream>(std::move(call));
  if (start_thread([this, &service, taken] { run_call(shared_, service, std::move(*taken)); }))
    return;
  shared_.active.fetch_sub(1, std::memory_order_relaxed);
  shared_.admission.leave(peer);
  shared_.log(LogLevel::error, "no thread is left: the call is refused", service.name, &peer);
}

void ThreadsRunner::take_messages(Service& service, DatagramSocket& socket) {
  if (service.handler.message()) {
    Dispatcher(shared_, service, socket).run();
  } else {
    service.handler.datagram()(socket);
  }
}

void ThreadsRunner::interrupt(int end_code) {
  const std::lock_guard lock(mutex_);
  end_code_ = std::max(end_code_, end_code);
  for (Worker& worker : workers_) {
    if (end_code == engine::kDrainEnd) worker.interrupter.drain();
    if (end_code == engine::kCancelEnd) worker.interrupter.cancel();
  }
}

void ThreadsRunner::drain() { interrupt(engine::kDrainEnd); }

void ThreadsRunner::cut() { interrupt(engine::kCancelEnd); }

void ThreadsRunner::wait() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      join_ended();
      if (workers_.empty()) return;
    }
    ended_.wait();
  }
}

}  // namespace hotline::server
