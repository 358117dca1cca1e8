#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "hotline/engine/engine_choice.h"

namespace hotline::engine {

/// Threads that run work which would block a loop. They start when there is work for them. Work is
/// run in the order in which it was submitted. Any thread.
class OffloadPool {
 public:
  using Work = std::move_only_function<void()>;
  struct Job;
  using Ticket = std::shared_ptr<Job>;

  explicit OffloadPool(OffloadOptions options = {});
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  /// Drops work that no thread has begun. Does not wait for work under way (a name lookup may take
  /// half a minute): its thread goes when it is done, and touches only what the work owns.
  ~OffloadPool();

  /// Queues `work`, which must not throw. Without a thread to be had it runs here and now. Throws
  /// std::bad_alloc.
  Ticket submit(Work work);

  /// The one who submitted the work does not wait for it any longer. Work beyond
  /// OffloadOptions::waiting_max is dropped; other work runs all the same.
  void give_up(const Ticket& ticket);

 private:
  struct Queue;

  static void work_through(const std::shared_ptr<Queue>& queue);

  std::shared_ptr<Queue> queue_;
};

}  // namespace hotline::engine
