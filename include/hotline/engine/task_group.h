#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "hotline/core/literal.h"
#include "hotline/core/result.h"

namespace hotline {

/// The fibers that one scope started: none outlives it.
///
/// On an event loop the fibers run on that loop, beside the one that opened the group. A thread
/// without a loop gets a private one for the scope: its fibers run inside join(), and streams that
/// they used can be used by the thread again afterwards.
///
/// Used by the thread that made it; cancel() and drain() by any. After a join() it can be used
/// again.
class TaskGroup {
 public:
  TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Cancels what still runs and waits for it; an exception that was not joined is dropped.
  ~TaskGroup();

  /// Starts `body` on a fiber. A stack overflow is reported under `name`.
  /// Fails with `resource_exhausted` if there is no memory or mapping left for a stack.
  Result<void> spawn(Literal name, std::move_only_function<void()> body);

  /// Waits until every fiber has ended, then throws the first exception that left one, if any.
  /// Fails with `cancelled` or `timed_out` if the waiter itself is interrupted: then the fibers are
  /// cancelled, and have ended all the same. Suspends the fiber. By one at a time, and by no fiber
  /// of the group itself.
  Result<void> join();

  /// Asks every fiber, now or at its next wait, to end: its waits fail with `cancelled`. So do
  /// those of fibers that are started later. Any thread: from another one it takes effect when the
  /// loop comes to it.
  void cancel();

  /// Asks every fiber to finish: a receive or accept with nothing pending fails with `draining`,
  /// other waits go on. Any thread, as cancel().
  void drain();

  /// How many fibers have not ended.
  std::size_t size() const;

 private:
  struct State;

  void interrupt(int end_code);

  std::shared_ptr<State> state_;  ///< Letters from other threads may come when this has gone.
};

}  // namespace hotline
