#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "hotline/core/deadline.h"

namespace hotline::engine {

/// What will happen in a simulated world, by time; at the same time in the order in which it was
/// planned.
class EventQueue {
 public:
  using Action = std::move_only_function<void()>;

  void plan(Instant when, Action action);

  /// When the next one is due.
  Deadline earliest() const {
    return heap_.empty() ? Deadline::never() : Deadline::at(heap_.front().when);
  }

  /// Runs what is due at `now`, and what that plans for the same time; the number.
  std::size_t run_due(Instant now);

  void clear() { heap_.clear(); }

 private:
  struct Event {
    Instant when;
    std::uint64_t number;
    Action action;
  };
  static bool is_later(const Event& one, const Event& other);

  std::vector<Event> heap_;
  std::uint64_t planned_ = 0;
};

}  // namespace hotline::engine
