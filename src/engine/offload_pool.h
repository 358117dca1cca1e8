#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "hotline/engine/engine_choice.h"

namespace hotline::engine {

/// Threads that run work which would block a loop. They start when there is work for them. Work
/// runs in the order in which it was submitted. Any thread.
class OffloadPool {
 public:
  using Work = std::move_only_function<void()>;
  struct Job;
  using Ticket = std::shared_ptr<Job>;

  explicit OffloadPool(OffloadOptions options = {});
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  /// Drops work that no thread has begun. Does not wait for work in progress (a name lookup may
  /// take half a minute): its thread ends after the work, and uses only what the work owns.
  ~OffloadPool();

  /// Queues `work`, which must not throw. If no thread can be started, runs it in the calling
  /// thread. Throws std::bad_alloc.
  Ticket submit(Work work);

  /// Called when the submitter no longer waits for the work. Drops work beyond
  /// OffloadOptions::waiting_max; other work still runs.
  void give_up(const Ticket& ticket);

  /// Drops the work, if no thread has begun it. Returns true if it never runs.
  bool withdraw(const Ticket& ticket) noexcept;

 private:
  struct Queue;

  static void work_through(const std::shared_ptr<Queue>& queue);

  std::shared_ptr<Queue> queue_;
};

}  // namespace hotline::engine
