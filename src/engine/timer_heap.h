#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/fiber.h"

namespace hotline::engine {

/// The deadlines of the fibers of one loop: a binary heap with one entry a fiber. An entry may be
/// earlier than what its fiber waits for now, or the fiber may wait for nothing: a wait that ends
/// early leaves its entry, and the next one, which is nearly always later, finds it good enough. So
/// a deadline on every receive costs a store. Loop thread only.
class TimerHeap {
 public:
  /// Makes room for `fibers` entries, so that arm() needs no memory. Throws std::bad_alloc.
  void reserve(std::size_t fibers) {
    if (fibers > heap_.capacity()) heap_.reserve(std::max(fibers, 2 * heap_.capacity()));
  }

  /// `fiber`, one of those that there is room for, waits until `deadline` at most.
  void arm(Fiber& fiber, Deadline deadline) noexcept {
    fiber.wait_deadline_ = deadline;
    const bool is_covered =
        fiber.heap_index_ != kAbsent && Deadline::at(fiber.heap_instant_) <= deadline;
    if (!deadline.is_never() && !is_covered) place(fiber, deadline.instant());
  }

  /// `fiber` waits no more.
  static void disarm(Fiber& fiber) { fiber.wait_deadline_ = Deadline::never(); }

  /// Forgets a fiber that is going.
  void remove(Fiber& fiber);

  /// When the next entry is due: the time to sleep until.
  Deadline earliest() const {
    return heap_.empty() ? Deadline::never() : Deadline::at(heap_.front()->heap_instant_);
  }

  /// A fiber whose deadline has passed at `now`, taken out; null if there is none.
  Fiber* take_expired(Instant now);

  /// Puts back a fiber returned by take_expired(), to be returned again at `later`.
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
