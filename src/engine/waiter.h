#pragma once

#include <memory>
#include <optional>

#include "engine/blocking/thread_signal.h"
#include "engine/interrupter.h"
#include "engine/plain_wait.h"

namespace hotline::engine {

/// One wait of a fiber, or of a thread without a loop, that any thread may end. It is on the stack
/// of the waiter. The caller makes sure that it exists while wake() runs: both sides hold a lock
/// around the list that contains it, and wait() is called without that lock. The wait of a thread
/// needs no lock for that, if the waiter waits until wake() has ended it.
class Waiter {
 public:
  /// Call it on the thread that will wait; on a loop, on the fiber that will wait. A CancelHold in
  /// force must outlast the wait; the wait of a thread then takes no descriptor. Throws
  /// std::bad_alloc.
  explicit Waiter(OnDrain on_drain);
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter();

  /// Waits until wake() is called, or has been. Returns 0, a negated end code or a negated errno.
  /// If wake() and another end cross, the result may be either: the list decides.
  int wait(Deadline deadline);

  /// Ends the wait. Any thread, once.
  void wake() noexcept;

 private:
  /// Where a letter finds the wait; null once that has ended. The loop's thread only.
  struct Address {
    PlainWait* wait;
  };

  EventLoop* loop_;  ///< Null for a thread without a loop.
  OnDrain on_drain_;
  std::optional<PlainWait> wait_;
  std::shared_ptr<Address> address_;
  std::shared_ptr<Mailbox> mailbox_;
  Mailbox::Letters letters_;  ///< Made in advance, so that wake() cannot fail for lack of memory.
  std::optional<Interrupter> counter_;  ///< What a thread polls beside its interrupter.
  std::optional<ThreadSignal> signal_;  ///< What a thread waits for that nothing interrupts.
};

}  // namespace hotline::engine
