#include "engine/loop_event.h"

#include <utility>

namespace hotline::engine {

void LoopEvent::set() {
  is_set_ = true;
  if (waiter_ != nullptr) loop_.complete(*waiter_, 0);
}

int LoopEvent::wait(Deadline deadline, OnDrain on_drain) {
  if (std::exchange(is_set_, false)) return 0;
  PlainWait wait(loop_, on_drain);
  waiter_ = &wait;
  const int result = loop_.park(wait, deadline);
  waiter_ = nullptr;
  if (result == 0) is_set_ = false;
  return result;
}

}  // namespace hotline::engine
