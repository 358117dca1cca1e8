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

/// Runs fibers on one thread. This is what all engines with a loop share; an engine adds how it
/// waits (turn) and how it performs operations. Unless stated otherwise, only the thread that
/// constructed it may use it.
class EventLoop : public Engine {
 public:
  ~EventLoop() override;

  /// Returns the loop that runs on this thread, or null.
  static EventLoop* running();

  /// In a forked child: forgets the loop of the parent, which appears to run here.
  static void forget_running();

  /// Starts a fiber with `body`, which runs in a later turn. It inherits the scope of the current
  /// fiber: see Scope::inherited. Returns false if there is no memory for it.
  bool spawn(std::string_view name, Fiber::Body body, FiberGroup* group = nullptr);

  /// The same, but the fiber runs before all others, as soon as the current one suspends or ends.
  bool spawn_next(std::string_view name, Fiber::Body body, FiberGroup* group = nullptr);

  /// Runs until no fiber is left. Must not be called on a fiber.
  void run();

  /// Detaches every channel that fibers have used; the channels keep all that was received for
  /// them. Must not be called on a fiber.
  void release_channels();

  /// Suspends the current fiber until `wait` is complete. Returns the result of the wait.
  int park(Wait& wait, Deadline deadline);

  /// Ends `wait` with `result`; its fiber runs in a later turn. The first result counts: a wait
  /// that was interrupted stays interrupted.
  void complete(Wait& wait, int result) noexcept;

  /// Notifies `watch` once when there is something to receive from `channel`, immediately if there
  /// is already. Nothing else may receive from the channel in between. `watch` must exist until it
  /// is notified, or until unwatch().
  void watch(Channel& channel, ReadWatch& watch);

  /// Ends the watch on `channel`, which is then not notified any more.
  virtual void unwatch(Channel& channel) = 0;

  /// Drains or cancels `fiber`: at once if it waits, otherwise at its next wait.
  void interrupt(Fiber& fiber, int end_code) noexcept;

  /// Lets every other fiber that is ready run first.
  void yield();

  /// Returns the running fiber, or null outside of any.
  Fiber* fiber() const { return fiber_; }

  /// Returns true if `address` lies in the stack of a fiber or in its guard. Safe in a signal
  /// handler.
  bool has_stack_at(const void* address) const { return stacks_.covers(address); }

  /// The mailbox to which other threads post.
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  Instant now() final { return now_; }
  Instant timeout_start() final { return std::max(now_, read_coarse_clock()); }
  Scope& scope() final;
  SuspendHook*& suspend_hook() final;
  int wait_until(Deadline deadline, OnDrain on_drain = OnDrain::goes_on) final;
  int offload(OffloadPool::Work work) override;
  int begin_file_work() override;
  int perform_file_work(OffloadPool::Work work) override;
  bool has_other_fibers() const final { return true; }
  void note_work(std::size_t bytes) override;

 protected:
  void run_on_deep_stack(DeepWork work) final;

  explicit EventLoop(const LoopOptions& options);

  /// Submits pending operations, waits for completions until `until` and completes the waits that
  /// they end. If `until` has passed, checks for completions without waiting.
  virtual void turn(Deadline until) = 0;

  /// A turn that does not wait, and completes every wait whose event has occurred by now, however
  /// many there are. Called after a deadline has passed, before the waits are notified of that.
  virtual void catch_up() { turn(Deadline::at(now_)); }

  /// See watch().
  virtual void begin_watch(Channel& channel, ReadWatch& watch) = 0;

  /// Runs as run() does, as long as `goes_on` returns true before each turn.
  void run_while(const std::function<bool()>& goes_on);

  /// Removes and returns the fibers to run in this turn: by default all ready fibers, in the order
  /// in which they became ready.
  virtual ReadyQueue take_batch() { return std::exchange(ready_, {}); }

  /// Returns the instant from which `fiber` may run. Before that instant the fiber is not resumed
  /// and none of its deadlines passes.
  virtual Instant runs_from(const Fiber& fiber) const {
    static_cast<void>(fiber);
    return now_;
  }

  /// Returns true if any fiber runs in the next turn.
  virtual bool has_ready() const { return !ready_.is_empty() || !bulk_.is_empty(); }

  /// For an engine that chooses the next fiber itself: returns how many fibers are ready and may
  /// run (more than there are fibers, if one was made ready twice). take_ready() removes one of
  /// them.
  std::size_t ready_count() const;
  std::size_t fiber_count() const { return fiber_count_; }
  Fiber& take_ready(std::size_t index);

  /// Runs the letters in the mailbox. The engine calls it when the descriptor of the mailbox is
  /// readable.
  void read_mailbox();

  /// Runs turns, outside of any fiber, until `is_done` returns true.
  template <typename Condition>
  void turn_until(Condition is_done) {
    while (!is_done()) turn(Deadline::never());
  }

  /// Returns 0 if the scope of the current fiber allows this operation to start, otherwise a
  /// negated end code.
  int check_scope() const;

  /// Aborts the program if no fiber is running.
  void check_on_fiber() const;

  /// Returns true if an operation with this deadline may be attempted but not waited for. Check it
  /// after an attempt without a result: reported readiness can be wrong, and an operation whose
  /// waits end at once, again and again, would never reach its deadline.
  bool is_due(Deadline deadline) const {
    return Deadline::earliest(deadline, fiber_->scope.deadline).has_passed(now_);
  }

  /// Call before an operation returns another result without waiting. Yields to all other fibers if
  /// this one has used its share of the turn.
  void spend_budget();

  /// The same before an accept. A turn accepts few callers, because each brings work to the
  /// following turns: calls that end as fast as they arrive must not delay calls that stay.
  void spend_accept_budget();

  /// Charges the running fiber for a result of `bytes` bytes.
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
  void look_for_events();
  bool spin();
  bool may_run(const Fiber& fiber) const { return runs_from(fiber) <= now_; }
  void switch_to_fiber(Fiber& fiber);
  void switch_to_scheduler(Fiber& fiber, bool is_last);

  class FileWait;
  class Running;
  struct Trampoline;

  // A result with more bytes than this counts as several.
  static constexpr std::uint32_t kBytesOfResult = 4096;

  StackPool stacks_;
  TimerHeap timers_;
  std::shared_ptr<Mailbox> mailbox_;
  OffloadOptions offload_options_;
  OffloadOptions file_options_;
  std::unique_ptr<OffloadPool> offload_pool_;
  std::unique_ptr<OffloadPool> file_pool_;  ///< A slow disk must not delay offloaded work.
  Fiber* fiber_ = nullptr;
  ReadyQueue next_;   ///< Run before all others.
  ReadyQueue ready_;  ///< Run in the next turn.
  ReadyQueue bulk_;   ///< Run after those, as many as fit into a slice of time.
  std::size_t fiber_count_ = 0;
  Instant now_;
  Duration spin_;
  void* scheduler_context_ = nullptr;
  ExceptionState scheduler_exceptions_;
  StackAnnotation scheduler_annotation_;
  DeepWork deep_work_;  ///< What the running fiber asked for, or empty.
  Scope outer_scope_;
};

/// Returns a loop of the kind that `options` name, on the current thread. Fails as choose_engine()
/// does.
Result<std::unique_ptr<EventLoop>> make_event_loop(const LoopOptions& options);

}  // namespace hotline::engine
