#include "engine/event.h"

#include <utility>

namespace hotline::engine {

class Event::EventWait final : public Wait {
 public:
  EventWait(EventLoop& loop, OnDrain on_drain) : loop_(loop), on_drain_(on_drain) {}
  void interrupt(int end_code) noexcept override { loop_.complete(*this, -end_code); }
  bool is_drainable() const noexcept override { return on_drain_ == OnDrain::ends; }

 private:
  EventLoop& loop_;
  OnDrain on_drain_;
};

void Event::set() {
  is_set_ = true;
  if (waiter_ != nullptr) loop_.complete(*waiter_, 0);
}

int Event::wait(Deadline deadline, OnDrain on_drain) {
  if (std::exchange(is_set_, false)) return 0;
  EventWait wait(loop_, on_drain);
  waiter_ = &wait;
  const int result = loop_.park(wait, deadline);
  waiter_ = nullptr;
  if (result == 0) is_set_ = false;
  return result;
}

}  // namespace hotline::engine
