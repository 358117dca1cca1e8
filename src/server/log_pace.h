#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "hotline/core/deadline.h"

namespace hotline::server {

/// Lets one log record pass in each period, and counts those that it holds back, so that a flood of
/// callers does not cost the server a record each. Any thread. It has no lock. A LogLimiter bounds
/// what a log writes of the records that it gets, on the thread of the log.
class LogPace {
 public:
  explicit LogPace(Duration period = std::chrono::seconds(10)) : period_(period) {}

  /// Returns how many records were held back since the last one that passed, if one may pass at
  /// `now`; otherwise counts this one and returns nullopt.
  std::optional<std::uint64_t> pass(Instant now);

 private:
  Duration period_;
  std::atomic<Instant::rep> next_ = Instant::min().time_since_epoch().count();
  std::atomic<std::uint64_t> held_ = 0;
};

}  // namespace hotline::server
