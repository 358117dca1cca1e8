#include "hotline/engine/task_group.h"

#include <chrono>
#include <exception>
#include <utility>

#include "core/check.h"
#include "engine/event_loop.h"
#include "engine/fiber_group.h"
#include "engine/interrupter.h"
#include "engine/operations/wait_ready.h"
#include "hotline/engine/clock.h"

namespace hotline {

using engine::EventLoop;
using engine::FiberGroup;

/// `own_loop` is set only if the thread had no loop.
struct TaskGroup::State {
  void check_thread() const;
  int run_own_loop();
  void watch_thread(engine::Engine& thread, engine::Fiber& joiner);

  std::unique_ptr<EventLoop> own_loop;
  EventLoop* loop = nullptr;  ///< The loop that runs the fibers.
  std::shared_ptr<engine::Mailbox> mailbox;
  std::unique_ptr<FiberGroup> fibers;
  Error failed;
};

namespace {

constexpr Duration kLook = std::chrono::milliseconds(50);

/// Returns false when the wait was ended.
bool wait_readable(engine::Channel& channel) {
  engine::WaitReady wait(channel, engine::Direction::read);
  return engine::Engine::current().perform(wait, Deadline::never()) >= 0;
}

}  // namespace

void TaskGroup::State::check_thread() const {
  check_use(loop->is_on_its_thread(),
            "a TaskGroup is used on another thread than made it: only cancel() and drain() may be");
}

int TaskGroup::State::run_own_loop() {
  check_use(own_loop->fiber() == nullptr,
            "a fiber joins the task group that it belongs to: it would wait for itself");
  engine::Engine& thread = engine::Engine::current();
  int ended = 0;
  own_loop->scope() = thread.scope().inherited();
  own_loop->spawn("join", [&] {
    engine::Fiber& joiner = *own_loop->fiber();
    FiberGroup watchers(*own_loop);
    if (thread.interrupter() != nullptr) {
      own_loop->spawn(
          "watch", [&] { watch_thread(thread, joiner); }, &watchers);
    }
    ended = fibers->join();
    watchers.interrupt(engine::kCancelEnd);
    joiner.scope = {};
    watchers.join();
  });
  thread.note_wait();
  own_loop->run();
  own_loop->release_channels();
  return ended;
}

/// A drain or cancel of the thread applies to the join that it waits in, and so to the fibers.
/// Without a descriptor for its own loop it looks from time to time.
void TaskGroup::State::watch_thread(engine::Engine& thread, engine::Fiber& joiner) {
  engine::Channel channel{UniqueFd(thread.duplicate(thread.interrupter()->fd()))};
  while (channel.is_open() ? wait_readable(channel) : sleep_for(kLook).has_value()) {
    if (channel.is_open()) thread.interrupter()->clear_wakeup();
    thread.note_interrupts();
    const int code = thread.scope().code_in_force();
    if (code != 0) own_loop->interrupt(joiner, code);
  }
}

TaskGroup::TaskGroup(const TaskGroupOptions& options) : state_(std::make_shared<State>()) {
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) {
    auto made = engine::make_event_loop(options.loop);
    if (!made) {
      state_->failed = std::move(made.error());
      return;
    }
    state_->own_loop = std::move(*made);
    state_->own_loop->scope() = engine::Engine::current().scope().inherited();
    loop = state_->own_loop.get();
  }
  state_->loop = loop;
  state_->mailbox = loop->mailbox();
  state_->fibers = std::make_unique<FiberGroup>(*loop);
  if (options.on_throw == OnThrow::cancels_others) state_->fibers->cancel_on_throw();
}

TaskGroup::~TaskGroup() {
  cancel();
  try {
    discard(join());
  } catch (...) {
    // No code has joined, so the exception has no receiver.
  }
}

Result<void> TaskGroup::spawn(Literal name, std::move_only_function<void()> body) {
  check_use(static_cast<bool>(body), "a TaskGroup is given an empty function");
  if (!state_->fibers) return fail(state_->failed);
  state_->check_thread();
  if (state_->loop->spawn(name, std::move(body), state_->fibers.get())) return {};
  return fail(make_error(ErrorKind::resource_exhausted, "start a fiber", {}, "no stack is left",
                         "raise vm.max_map_count or the memory limit"));
}

Result<void> TaskGroup::join() {
  if (!state_->fibers) return {};
  state_->check_thread();
  const int ended = state_->own_loop ? state_->run_own_loop() : state_->fibers->join();
  if (auto thrown = state_->fibers->take_thrown()) std::rethrow_exception(thrown);
  if (ended < 0) return fail(engine::operation_error(ended, "wait for a task group"));
  return {};
}

void TaskGroup::cancel() { interrupt(engine::kCancelEnd); }

void TaskGroup::drain() { interrupt(engine::kDrainEnd); }

void TaskGroup::interrupt(int end_code) {
  if (!state_->fibers) return;
  if (state_->loop->is_on_its_thread()) return state_->fibers->interrupt(end_code);
  state_->mailbox->post([group = std::weak_ptr(state_), end_code] {
    if (const auto state = group.lock()) state->fibers->interrupt(end_code);
  });
}

std::size_t TaskGroup::size() const { return state_->fibers ? state_->fibers->size() : 0; }

}  // namespace hotline
