#include "engine/event.h"

#include <utility>

namespace hotline::engine {

class Event::EventWait final : public Wait {
 public:
  explicit EventWait(EventLoop& loop) : loop_(loop) {}
  void interrupt(int end_code) noexcept override { loop_.complete(*this, -end_code); }

 private:
  EventLoop& loop_;
};

void Event::set() {
  is_set_ = true;
  if (waiter_ != nullptr) loop_.complete(*waiter_, 0);
}

int Event::wait(Deadline deadline) {
  if (std::exchange(is_set_, false)) return 0;
  EventWait wait(loop_);
  waiter_ = &wait;
  const int result = loop_.park(wait, deadline);
  waiter_ = nullptr;
  if (result == 0) is_set_ = false;
  return result;
}

}  // namespace hotline::engine
