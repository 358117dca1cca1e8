#pragma once

#include <cstddef>
#include <utility>

#include "engine/fiber.h"

namespace hotline::engine {

/// The fibers that can run, in the order in which they became ready. Intrusive: a fiber is in one
/// queue at a time. Does not own the fibers. Loop thread only.
class ReadyQueue {
 public:
  bool is_empty() const { return first_ == nullptr; }

  /// Returns the fiber that was pushed last, or null if the queue is empty.
  const Fiber* last() const { return last_; }

  void push(Fiber& fiber) noexcept {
    (last_ == nullptr ? first_ : last_->next_ready_) = &fiber;
    last_ = &fiber;
  }

  /// Puts `fiber` before all others.
  void push_first(Fiber& fiber) noexcept {
    fiber.next_ready_ = std::exchange(first_, &fiber);
    if (last_ == nullptr) last_ = &fiber;
  }

  /// Removes and returns the first fiber. The queue must not be empty.
  Fiber& pop() noexcept {
    Fiber& fiber = *first_;
    first_ = std::exchange(fiber.next_ready_, nullptr);
    if (first_ == nullptr) last_ = nullptr;
    return fiber;
  }

  /// Returns how many fibers satisfy `may_count`. Stops after `steps_max` fibers and returns that
  /// number, because a fiber that was pushed twice makes the queue endless.
  template <typename Predicate>
  std::size_t count(std::size_t steps_max, Predicate may_count) const {
    std::size_t count = 0;
    std::size_t steps = 0;
    for (const Fiber* each = first_; each != nullptr; each = each->next_ready_) {
      if (++steps >= steps_max) return steps;
      if (may_count(*each)) ++count;
    }
    return count;
  }

  /// Removes and returns the fiber at `index` among those that satisfy `may_count`. It must exist.
  template <typename Predicate>
  Fiber& take(std::size_t index, Predicate may_count) {
    Fiber* before = nullptr;
    Fiber* taken = first_;
    while (!may_count(*taken) || index-- > 0) before = std::exchange(taken, taken->next_ready_);
    (before == nullptr ? first_ : before->next_ready_) = taken->next_ready_;
    if (last_ == taken) last_ = before;
    taken->next_ready_ = nullptr;
    return *taken;
  }

 private:
  Fiber* first_ = nullptr;
  Fiber* last_ = nullptr;
};

}  // namespace hotline::engine
