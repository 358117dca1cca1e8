#pragma once

#include <atomic>
#include <cstdint>

#include "hotline/core/deadline.h"

namespace hotline::engine {

/// Ends one wait of one thread, from any thread, once. It takes no descriptor, and cannot be polled
/// beside one.
class ThreadSignal {
 public:
  ThreadSignal() = default;
  ThreadSignal(const ThreadSignal&) = delete;
  ThreadSignal& operator=(const ThreadSignal&) = delete;

  /// What the caller did before is visible to the thread whose wait() returns true. That thread may
  /// destroy the object at once, even before set() has returned.
  void set() noexcept;

  /// Waits until set() is called, or has been. Returns false if `deadline` passes before. May be
  /// called again.
  bool wait(Deadline deadline) noexcept;

  bool is_set() const noexcept { return state_.load(std::memory_order_acquire) == kSet; }

 private:
  // The word of a futex(2).
  static constexpr std::uint32_t kUnset = 0;
  static constexpr std::uint32_t kAwaited = 1;
  static constexpr std::uint32_t kSet = 2;

  std::atomic<std::uint32_t> state_ = kUnset;
};

}  // namespace hotline::engine
