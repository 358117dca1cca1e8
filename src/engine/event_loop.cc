#include "engine/event_loop.h"

#include <cxxabi.h>

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <new>
#include <utility>

#include "core/check.h"
#include "engine/plain_wait.h"
#include "engine/stack_overflow.h"

namespace hotline::engine {
namespace {

namespace context = boost::context::detail;

// Large enough that a busy connection keeps its cache lines warm, small enough that 1,000 others
// wait well under a millisecond for it.
constexpr std::uint32_t kBudget = 64;

constexpr std::uint32_t kAcceptsInTurn = 8;

// How long fibers with much work run before the loop checks again for those with little. Short
// compared with what a caller notices, long compared with the cost of the check.
constexpr Duration kBulkSlice = std::chrono::milliseconds(1);

ExceptionState& exceptions_of_thread() {
  // __cxa_get_globals is declared to return an opaque type. The Itanium C++ ABI defines its layout.
  return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
}

thread_local EventLoop* running_loop = nullptr;

}  // namespace

/// Makes the loop the thread's own while it exists, also if `goes_on` or a letter throws.
class EventLoop::Running {
 public:
  explicit Running(EventLoop& loop)
      : outer_engine_(set_current(&loop)), outer_loop_(std::exchange(running_loop, &loop)) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    running_loop = outer_loop_;
    set_current(outer_engine_);
  }

 private:
  Engine* outer_engine_;
  EventLoop* outer_loop_;
};

struct EventLoop::Trampoline {
  static void enter(context::transfer_t transfer) {
    EventLoop& loop = *running_loop;
    loop.scheduler_context_ = transfer.fctx;
    Fiber& fiber = *static_cast<Fiber*>(transfer.data);
    fiber.annotation_.after_switch(loop.scheduler_annotation_);
    try {
      fiber.body_();
    } catch (...) {
      fiber.thrown_ = std::current_exception();
    }
    fiber.body_ = nullptr;
    loop.switch_to_scheduler(fiber, true);
  }
};

EventLoop::EventLoop(const LoopOptions& options)
    : stacks_(options.fiber_stack_bytes),
      mailbox_(std::make_shared<Mailbox>()),
      offload_options_(options.offload),
      file_options_(options.files),
      spin_(options.spin) {
  now_ = read_clock();
}

EventLoop::~EventLoop() {
  check_use(fiber_count_ == 0, "an event loop is destroyed before its fibers have ended");
  mailbox_->close();
}

EventLoop* EventLoop::running() { return running_loop; }

void EventLoop::forget_running() { running_loop = nullptr; }

bool EventLoop::spawn(std::string_view name, Fiber::Body body, FiberGroup* group) {
  Fiber* fiber = create(name, std::move(body), group);
  if (fiber != nullptr) make_ready(*fiber, Weight::light);
  return fiber != nullptr;
}

bool EventLoop::spawn_next(std::string_view name, Fiber::Body body, FiberGroup* group) {
  Fiber* fiber = create(name, std::move(body), group);
  if (fiber == nullptr) return false;
  next_.push_first(*fiber);
  return true;
}

Fiber* EventLoop::create(std::string_view name, Fiber::Body body, FiberGroup* group) noexcept {
  try {
    timers_.reserve(fiber_count_ + 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  const Stack stack = stacks_.take();
  if (!stack) return nullptr;
  // The Fiber is stored at the top of its own stack, so that one page serves both while it is
  // parked.
  constexpr std::size_t kFiberBytes = (sizeof(Fiber) + 63) / 64 * 64;
  std::byte* place = stack.top() - kFiberBytes;
  auto& fiber = *new (place) Fiber();
  fiber.stack_ = stack;
  fiber.name_ = name;
  fiber.body_ = std::move(body);
  fiber.scope = scope().inherited();
  const std::size_t usable = stack.usable_bytes - kFiberBytes;
  fiber.context_ = context::make_fcontext(place, usable, &Trampoline::enter);
  fiber.annotation_.create(stack.bottom, usable);
  if (group != nullptr) group->add(fiber);
  ++fiber_count_;
  return &fiber;
}

void EventLoop::run() {
  run_while([] { return true; });
}

void EventLoop::run_while(const std::function<bool()>& goes_on) {
  check_use(is_on_its_thread(), "an event loop is run on another thread than made it");
  check_use(running_loop != this, "an event loop is run from within itself: spawn a fiber instead");
  const StackOverflowReporter reporter;
  const Running running(*this);
  scheduler_annotation_.adopt_thread();
  now_ = read_clock();
  while (fiber_count_ > 0) {
    run_ready();
    if (fiber_count_ == 0 || !goes_on()) break;
    // What the fibers have computed took time: a deadline may have passed, or be nearer.
    if (!has_ready()) now_ = read_clock();
    if (timers_.earliest().has_passed(now_)) {
      // The thread may not have run for a while. What arrived in time counts, even if it is noticed
      // late.
      catch_up();
      expire_waits();
    } else {
      look_for_events();
    }
    now_ = read_clock();
  }
}

/// Waits for events, unless fibers are ready.
void EventLoop::look_for_events() {
  if (has_ready()) return turn(Deadline::at(now_));
  if (spin_ > Duration(0) && !is_simulated() && spin()) return;
  turn(timers_.earliest());
}

/// Looks for events until a fiber is ready, a timer is due or the time for it is over. Returns true
/// if a fiber is ready.
bool EventLoop::spin() {
  const Deadline end = Deadline::earliest(Deadline::after(now_, spin_), timers_.earliest());
  do {
    turn(Deadline::at(now_));
    if (has_ready() || !next_.is_empty()) return true;
    now_ = read_clock();
  } while (!end.has_passed(now_));
  return false;
}

void EventLoop::release_channels() {
  while (ChannelState* state = attached()) {
    Channel& channel = *state->channel;
    try {
      channel.withdraw();
    } catch (const std::bad_alloc&) {
      // What was received cannot be kept, and a stream with a gap in it must not go on.
      channel.close();
    }
  }
}

void EventLoop::run_ready() {
  // Fibers that become ready during this wait for the next turn, so that completions are never
  // starved.
  ReadyQueue batch = take_batch();
  run_next();
  while (!batch.is_empty()) {
    resume(batch.pop());
    run_next();
  }
  run_bulk();
}

/// Runs at least one fiber, so that light ones cannot starve it.
void EventLoop::run_bulk() {
  if (bulk_.is_empty()) return;
  const Fiber* const last = bulk_.last();
  const Instant slice_end = read_clock() + kBulkSlice;
  bool is_last = false;
  do {
    Fiber& fiber = bulk_.pop();
    is_last = &fiber == last;
    resume(fiber);
    run_next();
  } while (!is_last && read_clock() < slice_end);
}

std::size_t EventLoop::ready_count() const {
  // More steps than fibers mean that a fiber is in the queue twice, which makes the queue endless.
  return ready_.count(fiber_count_ + 1, [this](const Fiber& fiber) { return may_run(fiber); });
}

Fiber& EventLoop::take_ready(std::size_t index) {
  return ready_.take(index, [this](const Fiber& fiber) { return may_run(fiber); });
}

void EventLoop::run_next() {
  while (!next_.is_empty()) resume(next_.pop());
}

void EventLoop::resume(Fiber& fiber) {
  fiber_ = &fiber;
  fiber.budget = kBudget;
  switch_to_fiber(fiber);
  while (deep_work_.run != nullptr) {
    fiber_ = nullptr;
    const DeepWork work = std::exchange(deep_work_, {});
    work.run(work.what);
    fiber_ = &fiber;
    switch_to_fiber(fiber);
  }
  fiber_ = nullptr;
  if (fiber.context_ == nullptr) finish(fiber);
}

void EventLoop::switch_to_fiber(Fiber& fiber) {
  ExceptionState& exceptions = exceptions_of_thread();
  scheduler_exceptions_ = std::exchange(exceptions, fiber.exceptions_);
  scheduler_annotation_.before_switch(fiber.annotation_, false);
  const auto transfer = context::jump_fcontext(fiber.context_, &fiber);
  StackAnnotation unused;
  scheduler_annotation_.after_switch(unused);
  // After the last switch `data` is null: see switch_to_scheduler.
  fiber.context_ = transfer.data == nullptr ? nullptr : transfer.fctx;
  fiber.exceptions_ = std::exchange(exceptions, scheduler_exceptions_);
}

void EventLoop::switch_to_scheduler(Fiber& fiber, bool is_last) {
  fiber.annotation_.before_switch(scheduler_annotation_, is_last);
  const auto transfer = context::jump_fcontext(scheduler_context_, is_last ? nullptr : &fiber);
  fiber.annotation_.after_switch(scheduler_annotation_);
  scheduler_context_ = transfer.fctx;
}

void EventLoop::suspend() {
  Fiber& fiber = *fiber_;
  if (fiber.suspend_hook != nullptr) fiber.suspend_hook->suspended();
  switch_to_scheduler(fiber, false);
}

void EventLoop::finish(Fiber& fiber) {
  timers_.remove(fiber);
  if (fiber.group_ != nullptr) fiber.group_->remove(fiber);
  fiber.annotation_.destroy();
  const Stack stack = fiber.stack_;
  fiber.~Fiber();
  stacks_.give_back(stack);
  --fiber_count_;
}

int EventLoop::park(Wait& wait, Deadline deadline) {
  check_on_fiber();
  if (wait.is_complete_) return wait.result_;
  Fiber& fiber = *fiber_;
  wait.fiber_ = &fiber;
  wait.begun_ = now_;
  fiber.wait_ = &wait;
  const int asked = fiber.scope.code_in_force();
  if (asked == kCancelEnd || (asked == kDrainEnd && wait.is_drainable())) wait.interrupt(asked);
  if (!wait.is_complete_) {
    timers_.arm(fiber, Deadline::earliest(deadline, fiber.scope.deadline));
    suspend();
    TimerHeap::disarm(fiber);
  }
  fiber.wait_ = nullptr;
  return wait.result_;
}

void EventLoop::complete(Wait& wait, int result) noexcept {
  if (wait.is_complete_) return;
  wait.result_ = result;
  wait.is_complete_ = true;
  if (wait.fiber_ == nullptr) {
    wait.completed();
  } else if (wait.fiber_ != fiber_) {
    make_ready(*wait.fiber_, wait.weight_);
  }
}

void EventLoop::watch(Channel& channel, ReadWatch& watch) {
  watch.is_complete_ = false;
  const Channel::Carried* carried = channel.carried.get();
  const bool has_carried = carried != nullptr && (!carried->buffers.empty() || carried->end <= 0);
  if (has_carried) return complete(watch, 0);
  begin_watch(channel, watch);
}

void EventLoop::interrupt(Fiber& fiber, int end_code) noexcept {
  if (fiber.scope.end_code >= end_code) return;
  fiber.scope.end_code = end_code;
  if (fiber.scope.code_in_force() == 0) return;
  Wait* wait = fiber.wait_;
  if (wait == nullptr || wait->is_complete_) return;
  if (end_code == kDrainEnd && !wait->is_drainable()) return;
  wait->interrupt(end_code);
}

void EventLoop::expire_waits() {
  while (Fiber* fiber = timers_.take_expired(now_)) {
    if (!may_run(*fiber)) {
      timers_.postpone(*fiber, runs_from(*fiber));
      continue;
    }
    Wait* wait = fiber->wait_;
    if (wait != nullptr && !wait->is_complete_) wait->interrupt(kDeadlineEnd);
  }
}

void EventLoop::run_on_deep_stack(DeepWork work) {
  if (fiber_ == nullptr) return work.run(work.what);
  deep_work_ = work;
  switch_to_scheduler(*fiber_, false);
}

void EventLoop::yield() {
  Fiber& fiber = *fiber_;
  make_ready(fiber, Weight::light);
  suspend();
}

void EventLoop::spend_budget() { spend(1, Weight::bulk); }

void EventLoop::spend_accept_budget() { spend(kBudget / kAcceptsInTurn, Weight::light); }

/// If the budget does not suffice, yields and continues as a fiber of weight `weight`.
void EventLoop::spend(std::uint32_t cost, Weight weight) {
  Fiber& fiber = *fiber_;
  if (fiber.budget >= cost) {
    fiber.budget -= cost;
    return;
  }
  make_ready(fiber, weight);
  // This is not a wait, so the suspend hook is not called.
  switch_to_scheduler(fiber, false);
}

SuspendHook*& EventLoop::suspend_hook() {
  check_on_fiber();
  return fiber_->suspend_hook;
}

Scope& EventLoop::scope() { return fiber_ == nullptr ? outer_scope_ : fiber_->scope; }

void EventLoop::check_on_fiber() const {
  check_use(fiber_ != nullptr,
            "a wait on the thread of an event loop, but not on a fiber: spawn one to wait in");
}

int EventLoop::check_scope() const {
  check_on_fiber();
  return fiber_->scope.code_in_force() == kCancelEnd ? -kCancelEnd : 0;
}

int EventLoop::wait_until(Deadline deadline, OnDrain on_drain) {
  PlainWait wait(*this, on_drain);
  return park(wait, deadline);
}

void EventLoop::note_work(std::size_t bytes) {
  // In a simulated world, offloaded work does not run on a fiber.
  if (fiber_ == nullptr) return;
  charge(static_cast<int>(std::min<std::size_t>(bytes, kBudget * kBytesOfResult)));
  spend_budget();
}

void EventLoop::read_mailbox() {
  for (Mailbox::Letter& letter : mailbox_->take_all()) letter();
}

}  // namespace hotline::engine
