#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "hotline/core/literal.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/engine_choice.h"

namespace hotline HOTLINE_PUBLIC {

/// What an exception that leaves one fiber of a group does to the others.
enum class OnThrow : bool {
  others_go_on,    ///< Nothing: join() throws it when all have ended.
  cancels_others,  ///< They are cancelled, as by cancel(); join() throws it when all have ended.
};

/// How a TaskGroup behaves.
struct TaskGroupOptions {
  OnThrow on_throw = OnThrow::others_go_on;
  LoopOptions loop{};  ///< For the private loop of a thread without a loop.
};

/// The fibers that one scope has started. None of them outlives the group.
///
/// On an event loop the fibers run on that loop, beside the fiber that opened the group. A thread
/// without a loop gets a private loop for the scope: its fibers run inside join(), and afterwards
/// the thread can use the streams that they used.
///
/// Only the thread that made the group may use it; any thread may call cancel() and drain(). A
/// group can be used again after a join().
class TaskGroup {
 public:
  TaskGroup() : TaskGroup(TaskGroupOptions{}) {}
  explicit TaskGroup(const TaskGroupOptions& options);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Cancels the remaining fibers and waits for them. An exception that join() has not thrown is
  /// dropped.
  ~TaskGroup();

  /// Starts `body` on a fiber. A report of a stack overflow shows `name`. Fails with
  /// `resource_exhausted` if there is no memory or mapping left for a stack.
  Result<void> spawn(Literal name, std::move_only_function<void()> body);

  /// Waits until every fiber has ended, then throws the first exception that left one, if any.
  /// Fails with `cancelled` or `timed_out` if the caller is interrupted; the fibers are then
  /// cancelled, and have ended when it returns. Suspends the fiber. Only one fiber at a time may
  /// join, and no fiber of the group itself.
  Result<void> join();

  /// Cancels every fiber: its current wait, or else its next one, fails with `cancelled`. Fibers
  /// that start later are cancelled too. Any thread; from another thread it takes effect when the
  /// loop processes it.
  void cancel();

  /// Drains every fiber: a receive or accept with nothing pending fails with `draining`, and other
  /// waits go on. Fibers that start later are drained too. Any thread, as with cancel().
  void drain();

  /// Returns the number of fibers that have not ended.
  std::size_t size() const;

 private:
  struct State;

  void interrupt(int end_code);

  std::shared_ptr<State> state_;  ///< Shared because letters from other threads may arrive after
                                  ///< the group has been destroyed.
};

}  // namespace hotline
