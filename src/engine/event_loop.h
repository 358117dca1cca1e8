#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "engine/engine.h"
#include "engine/fiber.h"
#include "engine/fiber_group.h"
#include "engine/mailbox.h"
#include "engine/offload_pool.h"
#include "engine/read_watch.h"
#include "engine/ready_queue.h"
#include "engine/stack_pool.h"
#include "engine/timer_heap.h"
#include "hotline/engine/engine_choice.h"

namespace hotline::engine {

/// Runs fibers on one thread: what every engine with a loop has in common. An engine adds how it
/// waits (turn) and how it performs operations. Loop thread only, where nothing else is said; the
/// thread is that of the constructor.
class EventLoop : public Engine {
 public:
  ~EventLoop() override;

  /// The loop of this thread that is running now; null if there is none.
  static EventLoop* running();

  /// In a forked child: the loop that runs here is the parent's.
  static void forget_running();

  /// Starts a fiber with `body`; it runs when the loop comes to it. It inherits the scope of the
  /// fiber that starts it: see Scope::inherited. False: there was no memory for it.
  bool spawn(std::string_view name, Fiber::Body body, FiberGroup* group = nullptr);

  /// The same, but it runs as soon as the running fiber suspends or ends, before all others.
  bool spawn_next(std::string_view name, Fiber::Body body, FiberGroup* group = nullptr);

  /// Runs until no fiber is left. Not from a fiber.
  void run();

  /// Lets go of every channel that fibers have used, with all that was received for it. Not from a
  /// fiber.
  void release_channels();

  /// Suspends the running fiber until `wait` is complete: its result.
  int park(Wait& wait, Deadline deadline);

  /// Ends `wait` with `result`; its fiber runs when the loop comes to it. The first to come counts:
  /// a wait that has been interrupted stays so.
  void complete(Wait& wait, int result) noexcept;

  /// Tells `watch` once there is something to receive from `channel`, now if there is already. One
  /// reader at a time: nobody receives meanwhile. `watch` lives until it was told, or unwatch.
  void watch(Channel& channel, ReadWatch& watch);

  /// Whoever watches `channel` is told nothing any more.
  virtual void unwatch(Channel& channel) = 0;

  /// Asks `fiber` to drain or to end: now if it waits, else at its next wait.
  void interrupt(Fiber& fiber, int end_code) noexcept;

  /// Lets every other fiber that is ready run first.
  void yield();

  /// Runs `work` on the stack of the thread, outside any fiber, and waits for it.
  void on_thread_stack(std::move_only_function<void()> work);

  /// The running fiber; null outside of any.
  Fiber* fiber() const { return fiber_; }

  /// Whether `address` lies in a fiber's stack or its guard. Safe in a signal handler.
  bool has_stack_at(const void* address) const { return stacks_.covers(address); }

  /// For other threads to post to.
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  Instant now() final { return now_; }
  Scope& scope() final;
  int wait_until(Deadline deadline, OnDrain on_drain = OnDrain::goes_on) final;
  int offload(OffloadPool::Work work) override;

 protected:
  explicit EventLoop(const LoopOptions& options);

  /// Submits what is due, waits for completions until `until` and completes the waits that they
  /// end. `until` has passed: looks without waiting.
  virtual void turn(Deadline until) = 0;

  /// As a turn that does not wait, and completes every wait whose event has come by now, however
  /// many they are. Called where a deadline has passed, before the waits are told of it.
  virtual void catch_up() { turn(Deadline::at(now_)); }

  /// See watch.
  virtual void begin_watch(Channel& channel, ReadWatch& watch) = 0;

  /// Runs as run() does, for as long as `goes_on` says before each turn.
  void run_while(const std::function<bool()>& goes_on);

  /// Removes and returns the fibers to run in this turn; by default all that are ready, in the
  /// order in which they became so.
  virtual ReadyQueue take_batch() { return std::exchange(ready_, {}); }

  /// Returns the instant from which `fiber` may run. Before it the fiber is not resumed, and none
  /// of its deadlines passes.
  virtual Instant runs_from(const Fiber& fiber) const {
    static_cast<void>(fiber);
    return now_;
  }

  /// Whether any fiber runs in the next turn.
  virtual bool has_ready() const { return !ready_.is_empty() || !bulk_.is_empty(); }

  /// For an engine that decides itself which fiber is next: how many are ready and may run (more
  /// than there are fibers, if one was made ready twice), and one of them alone.
  std::size_t ready_count() const;
  std::size_t fiber_count() const { return fiber_count_; }
  Fiber& take_ready(std::size_t index);

  /// For the engine's own use when the mailbox's descriptor is readable.
  void read_mailbox();

  /// Runs turns, outside any fiber, until `is_done` says so.
  template <typename Condition>
  void turn_until(Condition is_done) {
    while (!is_done()) turn(Deadline::never());
  }

  /// What the scope of the running fiber says about starting this operation: 0, or a negated end
  /// code.
  int check_scope() const;

  /// Aborts the program if no fiber runs.
  void check_on_fiber() const;

  /// Whether an operation with this deadline may be tried, but not waited for. Ask after a try that
  /// gave nothing: readiness is not always true, and a wait for it that ends at once, time and
  /// again, would never come to its deadline.
  bool is_due(Deadline deadline) const {
    return Deadline::earliest(deadline, fiber_->scope.deadline).has_passed(now_);
  }

  /// Call before one more result is had without waiting: yields to all others if the fiber has had
  /// its share of this turn.
  void spend_budget();

  /// The same before an accept. Few callers are taken in a turn, for each brings work to the next
  /// ones: calls that end as fast as they come must not hold up those that stay.
  void spend_accept_budget();

  /// Counts a result of so many bytes against the share of the running fiber.
  void charge(int bytes) noexcept {
    const auto cost = static_cast<std::uint32_t>(bytes) / kBytesOfResult;
    fiber_->budget -= std::min(fiber_->budget, cost);
  }

 private:
  void spend(std::uint32_t cost, Weight weight);
  Fiber* create(std::string_view name, Fiber::Body body, FiberGroup* group) noexcept;
  void run_ready();
  void run_bulk();
  void run_next();
  void resume(Fiber& fiber);
  void suspend();
  void make_ready(Fiber& fiber, Weight weight) noexcept {
    (weight == Weight::bulk ? bulk_ : ready_).push(fiber);
  }
  void finish(Fiber& fiber);
  void expire_waits();
  bool may_run(const Fiber& fiber) const { return runs_from(fiber) <= now_; }
  void switch_to_fiber(Fiber& fiber);
  void switch_to_scheduler(Fiber& fiber, bool is_last);

  class Running;
  struct Trampoline;

  // What a result may bring before it counts as several.
  static constexpr std::uint32_t kBytesOfResult = 4096;

  StackPool stacks_;
  TimerHeap timers_;
  std::shared_ptr<Mailbox> mailbox_;
  OffloadOptions offload_options_;
  std::unique_ptr<OffloadPool> offload_pool_;
  Fiber* fiber_ = nullptr;
  ReadyQueue next_;   ///< Run before all others.
  ReadyQueue ready_;  ///< Run in the next turn.
  ReadyQueue bulk_;   ///< Run after those, as many as a slice of time allows.
  std::size_t fiber_count_ = 0;
  Instant now_;
  void* scheduler_context_ = nullptr;
  ExceptionState scheduler_exceptions_;
  StackAnnotation scheduler_annotation_;
  std::move_only_function<void()> errand_;
  Scope outer_scope_;
};

/// A loop of the kind that `options` ask for, on the current thread. Fails as choose_engine does.
Result<std::unique_ptr<EventLoop>> make_event_loop(const LoopOptions& options);

}  // namespace hotline::engine
