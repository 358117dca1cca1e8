#include "hotline/engine/task_group.h"

#include <exception>
#include <utility>

#include "engine/event_loop.h"
#include "engine/fiber_group.h"

namespace hotline {

using engine::EventLoop;
using engine::FiberGroup;

/// `own_loop` only where the thread had none.
struct TaskGroup::State {
  std::unique_ptr<EventLoop> own_loop;
  std::unique_ptr<FiberGroup> fibers;
  Error failed;
};

TaskGroup::TaskGroup() : state_(std::make_unique<State>()) {
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) {
    auto made = engine::make_event_loop({});
    if (!made) {
      state_->failed = std::move(made.error());
      return;
    }
    state_->own_loop = std::move(*made);
    state_->own_loop->scope() = engine::Engine::current().scope();
    loop = state_->own_loop.get();
  }
  state_->fibers = std::make_unique<FiberGroup>(*loop);
}

TaskGroup::~TaskGroup() {
  cancel();
  try {
    static_cast<void>(join());
  } catch (...) {
    // Nobody joined, so nobody is there to be told.
  }
}

Result<void> TaskGroup::spawn(std::string_view name, std::move_only_function<void()> body) {
  if (!state_->fibers) return fail(state_->failed);
  EventLoop& loop = state_->own_loop ? *state_->own_loop : *EventLoop::running();
  if (loop.spawn(name, std::move(body), state_->fibers.get())) return {};
  return fail(make_error(ErrorKind::resource_exhausted, "start a fiber", {}, "no stack is left",
                         "raise vm.max_map_count or the memory limit"));
}

Result<void> TaskGroup::join() {
  if (!state_->fibers) return {};
  if (state_->own_loop) state_->own_loop->run();
  const int ended = state_->own_loop ? 0 : state_->fibers->join();
  if (auto thrown = state_->fibers->take_thrown()) std::rethrow_exception(thrown);
  if (ended < 0) return fail(engine::operation_error(ended, "wait for a task group"));
  return {};
}

void TaskGroup::cancel() {
  if (state_->fibers) state_->fibers->interrupt(engine::kCancelEnd);
}

void TaskGroup::drain() {
  if (state_->fibers) state_->fibers->interrupt(engine::kDrainEnd);
}

std::size_t TaskGroup::size() const { return state_->fibers ? state_->fibers->size() : 0; }

}  // namespace hotline
