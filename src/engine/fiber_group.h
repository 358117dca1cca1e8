#pragma once

#include <cstddef>
#include <exception>

#include "engine/fiber.h"

namespace hotline::engine {

class EventLoop;

/// The fibers of one scope on one loop, and the wait for their end. Loop thread only.
class FiberGroup {
 public:
  explicit FiberGroup(EventLoop& loop) : loop_(loop) {}
  FiberGroup(const FiberGroup&) = delete;
  FiberGroup& operator=(const FiberGroup&) = delete;

  /// Asks every member, now or at its next wait, to drain or to end.
  void interrupt(int end_code) noexcept;

  /// Waits until no member is left: 0, or the negated end code that interrupted the waiter; then
  /// the members were cancelled, and waited for. Suspends the fiber.
  int join();

  std::size_t size() const { return size_; }

  /// The first exception that left a member, once.
  std::exception_ptr take_thrown() { return std::exchange(thrown_, nullptr); }

 private:
  friend class EventLoop;
  class JoinWait;

  void add(Fiber& fiber);
  void remove(Fiber& fiber);

  EventLoop& loop_;
  Fiber* first_ = nullptr;
  std::size_t size_ = 0;
  int end_code_ = 0;
  std::exception_ptr thrown_;
  JoinWait* joiner_ = nullptr;
};

}  // namespace hotline::engine
