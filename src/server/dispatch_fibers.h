#pragma once

#include <functional>

#include "engine/event_loop.h"

namespace hotline::server {

/// The fibers of a dispatcher on a loop. One of them dispatches; when what it does has to wait, it
/// keeps at that, and another takes over. Loop thread only.
class DispatchFibers {
 public:
  class Work;

  /// `dispatch` is what each of them runs; it returns when there is nothing to dispatch any more,
  /// when is_full(), or when Work says that another has taken over. At most `waiting_max` wait, and
  /// at least one may.
  DispatchFibers(engine::EventLoop& loop, engine::FiberGroup& group, std::size_t waiting_max,
                 std::function<void()> dispatch);

  /// Begins to dispatch on one more fiber, before all others. Waits with the deadlines of whoever
  /// made this.
  void start();

  /// Whether nobody may take over.
  bool is_full() const { return waiting_count_ >= waiting_max_; }

  /// This fiber gives up because of is_full(): whichever work ends first goes on.
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

/// Something that the dispatching fiber does and that may wait: notices when it does, and then lets
/// another fiber dispatch.
class DispatchFibers::Work : public engine::SuspendHook {
 public:
  /// `fibers`: null where there is nobody to take over, on a thread without a loop.
  explicit Work(DispatchFibers* fibers);
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() { stop_noticing(); }

  /// A wait from here on is nobody's business.
  void stop_noticing();

  bool has_waited() const { return has_waited_; }

  /// The work is done: whether this fiber dispatches from here on, or still.
  bool end();

  void suspended() noexcept final;

 private:
  /// It waits, and another fiber will dispatch; on its stack still.
  virtual void waits() noexcept {}

  DispatchFibers* fibers_;
  engine::Fiber* fiber_ = nullptr;
  bool has_waited_ = false;
};

}  // namespace hotline::server
