#pragma once

#include "engine/plain_wait.h"

namespace hotline::engine {

/// An Event for one loop and one waiter: it takes no lock and no memory, so that the loop can wait
/// for it each turn. What happens between two waits is kept until the next one, however often it
/// happened. Loop thread only; other threads post to the loop's mailbox.
class LoopEvent {
 public:
  explicit LoopEvent(EventLoop& loop) : loop_(loop) {}

  /// Reports that it has happened.
  void set();

  /// Waits until it has happened since the last wait. Returns 0 or a negated end code.
  int wait(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on);

 private:
  EventLoop& loop_;
  PlainWait* waiter_ = nullptr;
  bool is_set_ = false;
};

}  // namespace hotline::engine
