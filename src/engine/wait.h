#pragma once

#include <cstddef>
#include <type_traits>

#include "core/check.h"
#include "hotline/core/deadline.h"

namespace hotline::engine {

class EventLoop;
class Fiber;

/// Whether a drain ends a wait.
enum class OnDrain : bool { goes_on, ends };

/// How much the end of a wait gives its fiber to do. Fibers with much to do run after all those
/// with little, and in each turn only for a while: a peer that floods its own connection holds up
/// nobody else.
enum class Weight : bool { light, bulk };

/// The weight of what `bytes` received or sent at once are.
constexpr Weight weight_of(std::size_t bytes) {
  constexpr std::size_t kLightBytesMax = 4096;
  return bytes > kLightBytesMax ? Weight::bulk : Weight::light;
}

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

  /// Sets how much the end of the wait gives the fiber to do. Call it before the wait ends.
  void set_weight(Weight weight) { weight_ = weight; }
  Weight weight() const { return weight_; }

  /// Whether it has ended, though its fiber may not have run since.
  bool is_complete() const { return is_complete_; }

  /// When the fiber began to wait; of a wait that has a fiber.
  Instant begun() const { return begun_; }

 protected:
  Wait() = default;
  ~Wait() = default;

 private:
  friend class EventLoop;

  Fiber* fiber_ = nullptr;
  Instant begun_{};
  int result_ = 0;
  bool is_complete_ = false;
  Weight weight_ = Weight::light;
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
