#include "engine/timer_heap.h"

namespace hotline::engine {

void TimerHeap::remove(Fiber& fiber) {
  if (fiber.heap_index_ != kAbsent) take_out(fiber.heap_index_);
}

Fiber* TimerHeap::take_expired(Instant now) {
  while (!heap_.empty() && heap_.front()->heap_instant_ <= now) {
    Fiber& fiber = *heap_.front();
    const Deadline deadline = fiber.wait_deadline_;
    take_out(0);
    if (deadline.has_passed(now)) return &fiber;
    if (!deadline.is_never()) place(fiber, deadline.instant());
  }
  return nullptr;
}

void TimerHeap::place(Fiber& fiber, Instant instant) {
  fiber.heap_instant_ = instant;
  if (fiber.heap_index_ == kAbsent) {
    heap_.push_back(&fiber);
    fiber.heap_index_ = static_cast<std::uint32_t>(heap_.size() - 1);
  }
  sift_up(fiber.heap_index_);
}

void TimerHeap::take_out(std::uint32_t index) {
  heap_[index]->heap_index_ = kAbsent;
  Fiber* last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  put(index, last);
  sift_up(index);
  sift_down(last->heap_index_);
}

void TimerHeap::sift_up(std::uint32_t index) {
  Fiber* fiber = heap_[index];
  while (index > 0) {
    const std::uint32_t parent = (index - 1) / 2;
    if (heap_[parent]->heap_instant_ <= fiber->heap_instant_) break;
    put(index, heap_[parent]);
    index = parent;
  }
  put(index, fiber);
}

void TimerHeap::sift_down(std::uint32_t index) {
  Fiber* fiber = heap_[index];
  for (;;) {
    std::uint32_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    const bool has_right = child + 1 < heap_.size();
    if (has_right && heap_[child + 1]->heap_instant_ < heap_[child]->heap_instant_) ++child;
    if (fiber->heap_instant_ <= heap_[child]->heap_instant_) break;
    put(index, heap_[child]);
    index = child;
  }
  put(index, fiber);
}

}  // namespace hotline::engine
