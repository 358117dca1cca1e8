#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace hotline::engine {

/// At most `threads_max` threads that run work which would block a loop. Threads start when there
/// is work for them. Any thread.
class OffloadPool {
 public:
  explicit OffloadPool(unsigned threads_max = 4);
  OffloadPool(const OffloadPool&) = delete;
  OffloadPool& operator=(const OffloadPool&) = delete;

  /// Drops work that no thread has begun. Does not wait for work under way (a name lookup may take
  /// half a minute): its thread goes when it is done, and touches only what the work owns.
  ~OffloadPool();

  /// Queues `work`, which must not throw. Without a thread to be had it runs here and now.
  void submit(std::function<void()> work);

 private:
  struct Queue {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> waiting;
    unsigned threads = 0;
    unsigned idle = 0;
    bool is_closed = false;
  };

  static void work_through(const std::shared_ptr<Queue>& queue);

  unsigned threads_max_;
  std::shared_ptr<Queue> queue_;
};

}  // namespace hotline::engine
