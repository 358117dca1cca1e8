#include "engine/turn.h"

#include "engine/event_loop.h"

namespace hotline::engine {

/// Not interruptible: who has the turn is bounded by deadlines of its own.
class Turn::TurnWait final : public Wait {
 public:
  void interrupt(int) noexcept override {}
};

Turn::Holder::Holder(Turn& turn) : turn_(turn) {
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) return;
  if (!turn_.is_taken_) {
    turn_.is_taken_ = true;
    return;
  }
  TurnWait wait;
  turn_.waiting_.push_back(&wait);
  loop->park(wait, Deadline::never());
}

Turn::Holder::~Holder() {
  EventLoop* loop = EventLoop::running();
  if (loop == nullptr) return;
  if (turn_.waiting_.empty()) {
    turn_.is_taken_ = false;
    return;
  }
  TurnWait* next = turn_.waiting_.front();
  turn_.waiting_.pop_front();
  loop->complete(*next, 0);
}

}  // namespace hotline::engine
