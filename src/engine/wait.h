#pragma once

#include <type_traits>

#include "core/check.h"

namespace hotline::engine {

class EventLoop;
class Fiber;

/// Whether a drain ends a wait.
enum class OnDrain : bool { goes_on, ends };

/// One wait of one fiber, on its stack: begun by EventLoop::park, ended by EventLoop::complete.
class Wait {
 public:
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  /// A deadline, cancel or drain came first. Either ends the wait now, with
  /// EventLoop::complete(*this, -end_code), or asks the kernel to; then the completion ends it,
  /// whatever it brings.
  virtual void interrupt(int end_code) noexcept = 0;

  /// Whether a drain interrupts it.
  virtual bool is_drainable() const noexcept { return false; }

  /// It has ended, and no fiber waits in it.
  virtual void completed() noexcept {}

 protected:
  Wait() = default;
  ~Wait() = default;

 private:
  friend class EventLoop;

  Fiber* fiber_ = nullptr;
  int result_ = 0;
  bool is_complete_ = false;
};

/// Puts `wait` in the place of the one that waits in a direction of a descriptor.
template <typename Place>
void occupy(Place*& place, std::type_identity_t<Place>& wait) {
  check_use(place == nullptr,
            "two fibers wait for the same direction of one stream or socket: one may read while "
            "another writes, no more");
  place = &wait;
}

}  // namespace hotline::engine
