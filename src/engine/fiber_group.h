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

  /// Drains or cancels every member: at once if it waits, otherwise at its next wait.
  void interrupt(int end_code) noexcept;

  /// Waits until no member is left. Returns 0, or the negated end code that interrupted the caller;
  /// the members were then cancelled and have ended. Suspends the fiber.
  int join();

  std::size_t size() const { return size_; }

  /// From now on the first exception that leaves a member cancels the others.
  void cancel_on_throw() { cancels_on_throw_ = true; }

  /// Returns the first exception that left a member, and forgets it.
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
  bool cancels_on_throw_ = false;
};

}  // namespace hotline::engine
