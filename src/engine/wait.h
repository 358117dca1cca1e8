#pragma once

#include <cstddef>
#include <type_traits>

#include "core/check.h"
#include "hotline/core/deadline.h"
#include "hotline/engine/on_drain.h"

namespace hotline::engine {

class EventLoop;
class Fiber;

using hotline::OnDrain;

/// How much work the end of a wait causes. Fibers with much work run after all those with little,
/// and only for a limited time in each turn, so that a peer that floods its own connection does not
/// delay others.
enum class Weight : bool { light, bulk };

/// Returns the weight of `bytes` received or sent at once.
constexpr Weight weight_of(std::size_t bytes) {
  constexpr std::size_t kLightBytesMax = 4096;
  return bytes > kLightBytesMax ? Weight::bulk : Weight::light;
}

/// One wait of one fiber, on its stack. EventLoop::park() begins it, EventLoop::complete() ends it.
class Wait {
 public:
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  /// Called when a deadline, cancel or drain comes first. Either ends the wait at once, with
  /// EventLoop::complete(*this, -end_code), or asks the kernel to cancel; the completion then ends
  /// the wait with its own result.
  virtual void interrupt(int end_code) noexcept = 0;

  /// Returns true if a drain interrupts the wait.
  virtual bool is_drainable() const noexcept { return false; }

  /// Called when a wait ends in which no fiber waits.
  virtual void completed() noexcept {}

  /// Sets how much work the end of the wait causes. Call it before the wait ends.
  void set_weight(Weight weight) { weight_ = weight; }
  Weight weight() const { return weight_; }

  /// Returns true if the wait has ended. Its fiber may not have run since.
  bool is_complete() const { return is_complete_; }

  /// Returns when the fiber began to wait. Only for a wait that has a fiber.
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

/// Makes `wait` the wait for one direction of a descriptor. Aborts the program if there is one
/// already.
template <typename Place>
void occupy(Place*& place, std::type_identity_t<Place>& wait) {
  check_use(place == nullptr,
            "two fibers wait for the same direction of one stream or socket: one may read while "
            "another writes, no more");
  place = &wait;
}

}  // namespace hotline::engine
