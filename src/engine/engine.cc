#include "engine/engine.h"

#include <cassert>
#include <exception>
#include <memory>
#include <utility>

#include "core/check.h"
#include "engine/blocking/blocking_engine.h"
#include "engine/file_kernel.h"
#include "engine/operations/receive.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/random.h"

namespace hotline::engine {
namespace {

// The engine is a property of the thread, as errno is, so that code need not pass it along.
thread_local Engine* current_engine = nullptr;

// Its address identifies the thread.
thread_local char this_thread = 0;

}  // namespace

Engine::Engine() : thread_(&this_thread) {}

bool Engine::is_on_its_thread() const { return thread_ == &this_thread; }

Engine& Engine::current() {
  if (current_engine == nullptr) {
    thread_local BlockingEngine blocking;
    current_engine = &blocking;
  }
  return *current_engine;
}

void Engine::note_wait() noexcept {
  SuspendHook*& place = suspend_hook();
  if (place == nullptr) return;
  // What the hook does may wait in turn, on a thread.
  SuspendHook* const hook = std::exchange(place, nullptr);
  hook->suspended();
  place = hook;
}

Result<std::unique_ptr<Worker>> Engine::start_worker(WorkerTask task) {
  return start_thread_worker(std::move(task));
}

FileKernel& Engine::file_kernel() {
  // It has no state.
  static FileKernel system;
  return system;
}

int Engine::begin_file_work() {
  note_interrupts();
  const Scope& limits = scope();
  if (limits.code_in_force() == kCancelEnd) return -kCancelEnd;
  return limits.deadline.has_passed(now()) ? -kDeadlineEnd : 0;
}

Engine* Engine::set_current(Engine* engine) { return std::exchange(current_engine, engine); }

int Engine::take_carried(Operation& operation) {
  Channel::Carried& carried = *operation.channel().carried;
  if (operation.kind() == Operation::Kind::accept && !carried.descriptors.empty()) {
    const int fd = carried.descriptors.front().release();
    carried.descriptors.erase(carried.descriptors.begin());
    return fd;
  }
  if (operation.kind() != Operation::Kind::receive) return -EAGAIN;
  if (carried.buffers.empty()) return carried.end <= 0 ? carried.end : -EAGAIN;
  Buffer buffer = std::move(carried.buffers.front());
  carried.buffers.erase(carried.buffers.begin());
  return static_cast<Receive&>(operation).take(std::move(buffer));
}

void Engine::attach(Channel& channel, ChannelState& state) {
  assert(channel.engine_ != this);
  channel.withdraw();
  channel.engine_ = this;
  channel.state_ = &state;
  state.channel = &channel;
  state.next = attached_;
  if (attached_ != nullptr) attached_->previous = &state;
  attached_ = &state;
}

void Engine::detach(ChannelState& state) {
  (state.previous == nullptr ? attached_ : state.previous->next) = state.next;
  if (state.next != nullptr) state.next->previous = state.previous;
  state.previous = state.next = nullptr;
  state.channel->engine_ = nullptr;
  state.channel->state_ = nullptr;
  state.channel = nullptr;
}

}  // namespace hotline::engine

namespace hotline {

using engine::Engine;

Instant now() { return Engine::current().now(); }

std::chrono::system_clock::time_point wall_clock_now() {
  return Engine::current().read_wall_clock();
}

ClockReading read_clocks() {
  Engine& engine = Engine::current();
  return {.wall = engine.read_wall_clock(), .monotonic = engine.read_clock()};
}

Deadline deadline_after(Duration timeout) {
  return Deadline::after(Engine::current().read_clock(), timeout);
}

Result<void> sleep_until(Deadline deadline, OnDrain on_drain) {
  Engine& engine = Engine::current();
  const int result = engine.wait_until(deadline, on_drain);
  if (result == -engine::kDeadlineEnd && deadline <= engine.scope().deadline) return {};
  return fail(engine::operation_error(result, "sleep"));
}

Result<void> sleep_for(Duration duration, OnDrain on_drain) {
  return sleep_until(deadline_after(duration), on_drain);
}

void random_bytes(MutableBytes bytes) { Engine::current().fill_random(bytes); }

Result<void> offload_work(std::move_only_function<void()> work) {
  const auto thrown = std::make_shared<std::exception_ptr>();
  const int result = Engine::current().offload([thrown, work = std::move(work)]() mutable {
    try {
      work();
    } catch (...) {
      *thrown = std::current_exception();
    }
    work = nullptr;
  });
  if (result < 0) return fail(engine::operation_error(result, "run work on another thread"));
  if (*thrown) std::rethrow_exception(std::exchange(*thrown, nullptr));
  return {};
}

DeadlineScope::DeadlineScope(Deadline deadline) : scope_(Engine::current().scope()) {
  outer_ = scope_.deadline;
  own_ = Deadline::earliest(outer_, deadline);
  scope_.deadline = own_;
}

DeadlineScope::~DeadlineScope() {
  check_use(&scope_ == &Engine::current().scope() && scope_.deadline == own_,
            "a DeadlineScope ends on another fiber than it began on, or before one that began "
            "later: keep each in a local variable");
  scope_.deadline = outer_;
}

}  // namespace hotline
