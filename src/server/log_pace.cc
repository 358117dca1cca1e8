#include "server/log_pace.h"

namespace hotline::server {

std::optional<std::uint64_t> LogPace::pass(Instant now) {
  Instant::rep next = next_.load(std::memory_order_relaxed);
  const bool is_due = now.time_since_epoch().count() >= next;
  const Instant::rep later = (now + period_).time_since_epoch().count();
  // One of several threads that are due at once passes.
  if (is_due && next_.compare_exchange_strong(next, later, std::memory_order_relaxed)) {
    return held_.exchange(0, std::memory_order_relaxed);
  }
  held_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

}  // namespace hotline::server
