#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "hotline/core/deadline.h"

namespace hotline::engine {

/// Future events of a simulated world, ordered by time; events at the same time are in the order in
/// which they were planned.
class EventQueue {
 public:
  using Action = std::move_only_function<void()>;

  void plan(Instant when, Action action);

  /// Returns when the next event is due.
  Deadline earliest() const {
    return heap_.empty() ? Deadline::never() : Deadline::at(heap_.front().when);
  }

  /// Runs what is due at `now`, including what these events plan for the same time. Returns the
  /// number of events.
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
