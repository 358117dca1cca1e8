#include "session/waiters.h"

namespace hotline::session {

void Waiters::wake_all(Interest what) {
  for (Waiter* each = first_; each != nullptr; each = each->next_) {
    if ((each->interest_ & what) != 0) each->wake();
  }
}

void Waiters::wake_one(Interest what) {
  for (Waiter* each = first_; each != nullptr; each = each->next_) {
    if ((each->interest_ & what) != 0 && !each->is_woken_) return each->wake();
  }
}

Waiter::Waiter(Waiters& waiters, Interest interest)
    : waiters_(waiters), interest_(interest), previous_(waiters.last_) {
  (previous_ == nullptr ? waiters_.first_ : previous_->next_) = this;
  waiters_.last_ = this;
}

Waiter::~Waiter() {
  (previous_ == nullptr ? waiters_.first_ : previous_->next_) = next_;
  (next_ == nullptr ? waiters_.last_ : next_->previous_) = previous_;
}

void Waiter::wake() {
  if (is_woken_) return;
  is_woken_ = true;
  event_.set();
}

}  // namespace hotline::session
