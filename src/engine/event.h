#pragma once

#include "engine/plain_wait.h"

namespace hotline::engine {

/// Something that one fiber waits for. What happens while nobody waits is kept until the next wait,
/// however often it happened. Loop thread only; other threads post to the loop's mailbox.
class Event {
 public:
  explicit Event(EventLoop& loop) : loop_(loop) {}

  /// It has happened.
  void set();

  /// Waits until it has happened since the last wait: 0, or a negated end code.
  int wait(Deadline deadline = Deadline::never(), OnDrain on_drain = OnDrain::goes_on);

 private:
  EventLoop& loop_;
  PlainWait* waiter_ = nullptr;
  bool is_set_ = false;
};

}  // namespace hotline::engine
