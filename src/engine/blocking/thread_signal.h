#pragma once

#include <condition_variable>
#include <mutex>

#include "hotline/core/deadline.h"

namespace hotline::engine {

/// Ends one wait of a thread, from any thread, once. It takes no descriptor, and cannot be polled
/// beside one.
class ThreadSignal {
 public:
  /// What the caller did before is visible to the thread whose wait() returns true. The object may
  /// be destroyed once set() has returned.
  void set() noexcept;

  /// Waits until set() is called, or has been. Returns false if `deadline` passes before.
  bool wait(Deadline deadline);

  bool is_set() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable is_changed_;
  bool is_set_ = false;
};

}  // namespace hotline::engine
