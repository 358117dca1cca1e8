#include "engine/blocking/thread_signal.h"

namespace hotline::engine {

void ThreadSignal::set() noexcept {
  {
    const std::lock_guard held(mutex_);
    is_set_ = true;
  }
  // Without the lock, which the thread that waits would have to wait for.
  is_changed_.notify_one();
}

bool ThreadSignal::wait(Deadline deadline) {
  const auto is_set = [this] { return is_set_; };
  std::unique_lock held(mutex_);
  if (!deadline.is_never()) return is_changed_.wait_until(held, deadline.instant(), is_set);
  is_changed_.wait(held, is_set);
  return true;
}

bool ThreadSignal::is_set() const {
  const std::lock_guard held(mutex_);
  return is_set_;
}

}  // namespace hotline::engine
