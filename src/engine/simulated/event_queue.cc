#include "engine/simulated/event_queue.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace hotline::engine {

bool EventQueue::is_later(const Event& one, const Event& other) {
  return std::tie(one.when, one.number) > std::tie(other.when, other.number);
}

void EventQueue::plan(Instant when, Action action) {
  heap_.push_back({when, planned_++, std::move(action)});
  std::ranges::push_heap(heap_, is_later);
}

std::size_t EventQueue::run_due(Instant now) {
  std::size_t count = 0;
  while (!heap_.empty() && heap_.front().when <= now) {
    std::ranges::pop_heap(heap_, is_later);
    Action action = std::move(heap_.back().action);
    heap_.pop_back();
    action();
    ++count;
  }
  return count;
}

}  // namespace hotline::engine
