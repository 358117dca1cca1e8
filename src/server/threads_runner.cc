#include "server/threads_runner.h"

#include <algorithm>
#include <new>
#include <string>

#include "engine/engine.h"
#include "engine/process_limit.h"
#include "engine/signal_mask.h"
#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/clock.h"
#include "server/acceptor.h"
#include "server/call.h"
#include "server/datagram_service.h"

namespace hotline::server {
namespace {

/// Makes as many sockets as there will be threads for them.
Result<void> share_socket(Service& service, std::size_t count) {
  while (!service.sockets.empty() && service.sockets.size() < count) {
    auto another = service.sockets.front().share();
    if (!another) return fail(std::move(another.error()));
    service.sockets.push_back(std::move(*another));
  }
  return {};
}

}  // namespace

Result<void> ThreadsRunner::start(std::vector<Service>& services) {
  const bool is_serial = state_.options.concurrency.kind == Concurrency::Kind::serial;
  const std::size_t socket_threads = is_serial ? 1 : socket_thread_count(state_.options);
  // Done before the first caller is served, because it can fail.
  for (Service& service : services) {
    if (!is_serial) note_few_threads(service, socket_threads);
    // Each of its threads has a socket of its own, or it has one thread.
    if (service.handler.is_steered_by_source()) continue;
    if (auto socket = share_socket(service, socket_threads); !socket) return socket;
  }
  // No caller is served before all threads have started: the mutex delays those that have.
  const std::lock_guard lock(mutex_);
  bool has_started = true;
  for (Service& service : services) {
    for (Listener& listener : service.listeners) {
      has_started &= add_thread([this, &service, &listener](Thread&) {
        if (may_begin()) take_callers(service, listener);
      });
    }
    for (DatagramSocket& socket : service.sockets) {
      has_started &= add_thread([this, &service, &socket](Thread&) {
        if (may_begin()) take_messages(service, socket);
      });
    }
  }
  for (const Task& task : state_.tasks) {
    has_started &= add_thread([this, &task](Thread&) {
      if (may_begin()) run_task(state_, task);
    });
  }
  if (has_started) return {};
  end_code_ = engine::kCancelEnd;
  return fail(make_error(ErrorKind::resource_exhausted, "start a thread", {},
                         "the system has none left",
                         engine::process_limit_hint(state_.process_groups)));
}

/// More threads than cores would only compete for the one socket.
void ThreadsRunner::note_few_threads(const Service& service, std::size_t count) const {
  const std::size_t asked = state_.options.concurrency.effective_count();
  if (service.sockets.empty() || count >= asked) return;
  state_.log(LogLevel::info, "datagrams are answered by fewer threads", service.name, nullptr,
             std::to_string(count) + " instead of " + std::to_string(asked) +
                 ", one for each core: with handlers that wait, use loops");
}

bool ThreadsRunner::may_begin() {
  const std::lock_guard lock(mutex_);
  return end_code_ != engine::kCancelEnd;
}

bool ThreadsRunner::start_thread(Body body) {
  const std::lock_guard lock(mutex_);
  return add_thread(std::move(body));
}

/// Call it with the mutex held.
bool ThreadsRunner::add_thread(Body body) {
  join_ended();
  threads_.emplace_back();
  try {
    if (run_thread(threads_.back(), std::move(body))) return true;
  } catch (const std::bad_alloc&) {
    // Handled like a system that cannot start a thread.
  }
  threads_.pop_back();
  return false;
}

bool ThreadsRunner::run_thread(Thread& thread, Body body) {
  // Made here, because a thread that ends could not report a lack of memory.
  engine::Mailbox::Letters end;
  end.emplace_back([ended = ended_] { ended->set(); });
  auto run = [&thread, body = std::move(body)] { body(thread); };
  auto on_end = [this, &thread, end = std::move(end)]() mutable {
    const std::lock_guard ending(mutex_);
    thread.has_ended = true;
    control_.mailbox()->post(std::move(end));
  };
  auto worker = engine::Engine::current().start_worker({.kind = engine::WorkerKind::blocking,
                                                        .name = "thread",
                                                        .loop = {},
                                                        .body = std::move(run),
                                                        .on_end = std::move(on_end),
                                                        .offload_pool = offload_pool_});
  if (!worker) return false;
  thread.worker = std::move(*worker);
  // Requested before this thread existed.
  if (end_code_ != 0) thread.worker->interrupt(end_code_);
  return true;
}

/// Joins threads that have ended. With the mutex held.
void ThreadsRunner::join_ended() {
  std::erase_if(threads_, [](const Thread& thread) { return thread.has_ended; });
}

void ThreadsRunner::take_callers(Service& service, Listener& listener) {
  Acceptor(state_, service, listener, [this, &service](AdmittedCall call) {
    if (state_.options.concurrency.kind == Concurrency::Kind::serial) {
      run_call(state_, service, std::move(call));
    } else {
      start_call(service, std::move(call));
    }
  }).run();
}

void ThreadsRunner::start_call(Service& service, AdmittedCall call) {
  if (Thread* idle = take_idle()) {
    idle->next.emplace(service, std::move(call));
    return idle->waiter->wake();
  }
  const Endpoint peer = call.stream.peer();
  auto first = std::make_shared<Job>(service, std::move(call));
  const bool has_started = start_thread([this, first](Thread& thread) {
    thread.next.emplace(std::move(*first));
    run_calls(thread);
  });
  if (has_started) return;
  service.tally->count_refusal(Refusal::no_worker);
  state_.log(LogLevel::error, "no thread is left: the call is refused", service.name, &peer,
             engine::process_limit_hint(state_.process_groups));
}

/// Returns null if no thread is idle.
ThreadsRunner::Thread* ThreadsRunner::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return nullptr;
  Thread* const last = idle_.back();
  idle_.pop_back();
  return last;
}

void ThreadsRunner::run_calls(Thread& thread) {
  engine::Scope& scope = engine::Engine::current().scope();
  const engine::SignalMask mask;
  while (thread.next) {
    Job job = std::move(*thread.next);
    thread.next.reset();
    run_call(state_, job.service, std::move(job.call));
    // What a handler has left of these must not affect the next call.
    scope = {.end_code = scope.end_code, .program = scope.program};
    mask.restore();
    wait_for_call(thread);
  }
}

/// Waits until `thread` has its next call, or is to end.
void ThreadsRunner::wait_for_call(Thread& thread) try {
  // Nothing but wake() ends the wait: it needs no descriptor.
  const CancelHold hold;
  engine::Waiter waiter(OnDrain::goes_on);
  if (!begin_idle(thread, waiter)) return;
  const int ended = waiter.wait(deadline_after(kIdleTime));
  // The one that took it in the same moment is about to end the wait.
  if (ended < 0 && !withdraw_idle(thread)) waiter.wait(Deadline::never());
} catch (const std::bad_alloc&) {
  // It ends, as without room among those that are idle.
}

/// Returns false if `thread` is to end.
bool ThreadsRunner::begin_idle(Thread& thread, engine::Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  if (end_code_ != 0 || idle_.size() >= kIdleMax) return false;
  thread.waiter = &waiter;
  idle_.push_back(&thread);
  return true;
}

/// Returns false if `thread` was taken before.
bool ThreadsRunner::withdraw_idle(Thread& thread) {
  const std::lock_guard lock(mutex_);
  return std::erase(idle_, &thread) != 0;
}

void ThreadsRunner::take_messages(Service& service, DatagramSocket& socket) {
  serve_datagrams(state_, service, socket);
  // Closed, so that later senders get an error.
  if (socket) socket.close();
}

void ThreadsRunner::interrupt(int end_code) {
  const std::lock_guard lock(mutex_);
  end_code_ = std::max(end_code_, end_code);
  for (Thread& thread : threads_) thread.worker->interrupt(end_code);
  for (Thread* idle : idle_) idle->waiter->wake();
  idle_.clear();
}

void ThreadsRunner::drain() { interrupt(engine::kDrainEnd); }

void ThreadsRunner::cut() { interrupt(engine::kCancelEnd); }

void ThreadsRunner::wait() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      join_ended();
      if (threads_.empty()) return;
    }
    ended_->wait();
  }
}

}  // namespace hotline::server
