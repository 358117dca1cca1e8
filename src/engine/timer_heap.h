#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/fiber.h"

namespace hotline::engine {

/// The deadlines of the fibers of one loop: a binary heap with one entry for each fiber. An entry
/// may be earlier than the current deadline of its fiber, or the fiber may not wait at all. A wait
/// that ends early leaves its entry in the heap, where it serves the next wait, whose deadline is
/// nearly always later. So a deadline on every receive costs one store. Loop thread only.
class TimerHeap {
 public:
  /// Makes room for `fibers` entries, so that arm() needs no memory. Throws std::bad_alloc.
  void reserve(std::size_t fibers) {
    if (fibers > heap_.capacity()) heap_.reserve(std::max(fibers, 2 * heap_.capacity()));
  }

  /// Sets the deadline of the wait of `fiber`. reserve() must have made room for it.
  void arm(Fiber& fiber, Deadline deadline) noexcept {
    fiber.wait_deadline_ = deadline;
    const bool is_covered =
        fiber.heap_index_ != kAbsent && Deadline::at(fiber.heap_instant_) <= deadline;
    if (!deadline.is_never() && !is_covered) place(fiber, deadline.instant());
  }

  /// Records that `fiber` does not wait any more.
  static void disarm(Fiber& fiber) { fiber.wait_deadline_ = Deadline::never(); }

  /// Removes a fiber that is about to be destroyed.
  void remove(Fiber& fiber);

  /// Returns when the next entry is due: the time to sleep until.
  Deadline earliest() const {
    return heap_.empty() ? Deadline::never() : Deadline::at(heap_.front()->heap_instant_);
  }

  /// Removes and returns a fiber whose deadline has passed at `now`, or returns null.
  Fiber* take_expired(Instant now);

  /// Puts a fiber that take_expired() returned back, so that it is returned again at `later`.
  void postpone(Fiber& fiber, Instant later) { place(fiber, later); }

  std::size_t size() const { return heap_.size(); }

 private:
  static constexpr std::uint32_t kAbsent = ~0U;

  void place(Fiber& fiber, Instant instant);
  void take_out(std::uint32_t index);
  void sift_up(std::uint32_t index);
  void sift_down(std::uint32_t index);
  void put(std::uint32_t index, Fiber* fiber) {
    heap_[index] = fiber;
    fiber->heap_index_ = index;
  }

  std::vector<Fiber*> heap_;
};

}  // namespace hotline::engine
