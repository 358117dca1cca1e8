#pragma once

#include <optional>

#include "cli/back_off.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// Decides whether and when a connection of a load that has failed is made again: not before its
/// first reply, and later until three timeouts after the first failure since its last reply.
class BenchPatience {
 public:
  static constexpr int kTimeoutsMax = 3;

  /// `timeout` is that of a reply; it may be kNoTimeout.
  explicit BenchPatience(Duration timeout) : timeout_(timeout) {}

  /// Notes a reply.
  void renew() {
    has_succeeded_ = true;
    first_failure_.reset();
    back_off_ = {};
  }

  /// Notes a failure. Returns true if no other attempt is to be made.
  bool ends_at(Instant at) {
    if (!first_failure_) first_failure_ = at;
    const bool is_endless = timeout_ == kNoTimeout;
    return !has_succeeded_ || (!is_endless && at - *first_failure_ >= timeout_ * kTimeoutsMax);
  }

  /// Returns how long to wait before the next attempt.
  Duration next_pause() { return back_off_.next(); }

 private:
  Duration timeout_;
  std::optional<Instant> first_failure_{};  ///< Since the last reply.
  bool has_succeeded_ = false;
  BackOff back_off_;
};

}  // namespace hotline::cli
