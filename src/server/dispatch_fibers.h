#pragma once

#include <functional>

#include "engine/event_loop.h"

namespace hotline::server {

/// The fibers of a dispatcher on a loop. One of them dispatches; when its work has to wait, it
/// stays with that work, and another fiber takes over. Loop thread only.
class DispatchFibers {
 public:
  class Work;

  /// Each fiber runs `dispatch`, which returns when there is nothing left to dispatch, when
  /// is_full(), or when Work::end() returns false because another has taken over. At most
  /// `waiting_max` fibers wait; it must be at least 1.
  DispatchFibers(engine::EventLoop& loop, engine::FiberGroup& group, std::size_t waiting_max,
                 std::function<void()> dispatch);

  /// Starts dispatching on one more fiber, before all others. Its waits have the deadlines of the
  /// fiber that made this object.
  void start();

  /// Returns true if no other fiber may take over.
  bool is_full() const { return waiting_count_ >= waiting_max_; }

  /// Call when this fiber stops dispatching because of is_full(). The work that ends first resumes
  /// it.
  void give_up() { is_dispatching_ = false; }

 private:
  engine::EventLoop& loop_;
  engine::FiberGroup& group_;
  std::size_t waiting_max_;
  std::function<void()> dispatch_;
  Deadline deadline_;
  std::size_t waiting_count_ = 0;
  bool is_dispatching_ = false;
};

/// Something that the dispatching fiber does and that may wait. At its first wait, another fiber
/// dispatches from then on. On a thread without a loop it only notices its waits.
class DispatchFibers::Work : public engine::SuspendHook {
 public:
  /// `fibers`: null on a thread without a loop, where no other fiber could take over.
  explicit Work(DispatchFibers* fibers);
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;

  /// Later waits are not noticed.
  void stop_noticing() { scope_.remove(); }

  /// Returns true if a wait has been noticed; within waits(), if that is not the first one.
  bool has_waited() const { return has_waited_; }

  /// Call when the work is done. Returns true if this fiber dispatches from now on.
  bool end();

  void suspended() noexcept final;

 private:
  /// Called on the stack of the work at each of its waits; at the first one before another fiber
  /// dispatches. On a fiber it must not wait.
  virtual void waits() noexcept {}

  DispatchFibers* fibers_;
  engine::SuspendHookScope scope_;
  bool has_waited_ = false;
};

}  // namespace hotline::server
