#include "server/dispatch_fibers.h"

#include <cassert>
#include <utility>

namespace hotline::server {

using engine::EventLoop;

DispatchFibers::DispatchFibers(EventLoop& loop, engine::FiberGroup& group, std::size_t waiting_max,
                               std::function<void()> dispatch)
    : loop_(loop),
      group_(group),
      waiting_max_(waiting_max),
      dispatch_(std::move(dispatch)),
      deadline_(loop.scope().deadline) {
  assert(waiting_max > 0 && "dispatch fibers must be allowed to wait");
}

void DispatchFibers::start() {
  is_dispatching_ = loop_.spawn_next(
      "dispatch",
      [this] {
        // A handler's fiber may start this fiber, but the handler's deadlines must not apply to it.
        loop_.scope().deadline = deadline_;
        dispatch_();
      },
      &group_);
}

DispatchFibers::Work::Work(DispatchFibers* fibers)
    : fibers_(fibers),
      scope_(fibers == nullptr ? engine::Engine::current().suspend_hook()
                               : fibers->loop_.suspend_hook(),
             *this) {
  assert((fibers == nullptr || !scope_.is_nested()) && "a fiber does one piece of work at a time");
}

void DispatchFibers::Work::suspended() noexcept {
  waits();
  if (std::exchange(has_waited_, true) || fibers_ == nullptr) return;
  ++fibers_->waiting_count_;
  fibers_->is_dispatching_ = false;
  fibers_->start();
}

bool DispatchFibers::Work::end() {
  stop_noticing();
  if (!has_waited_ || fibers_ == nullptr) return true;
  assert(fibers_->waiting_count_ > 0 && "a piece of work ends once");
  --fibers_->waiting_count_;
  // Another fiber dispatches now. If none could be started (no stack, or the limit was reached),
  // this one resumes.
  return !std::exchange(fibers_->is_dispatching_, true);
}

}  // namespace hotline::server
