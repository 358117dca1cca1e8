#pragma once

#include "cli/back_off.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// Decides whether and when a connection of a load that has failed is made again: not before its
/// first reply, and later until it has had no reply for three timeouts.
class BenchPatience {
 public:
  static constexpr int kTimeoutsMax = 3;

  /// `timeout` is that of a reply; it may be kNoTimeout.
  explicit BenchPatience(Duration timeout) : timeout_(timeout) {}

  /// Notes a reply.
  void renew(Instant at) {
    has_succeeded_ = true;
    last_reply_ = at;
    back_off_ = {};
  }

  bool is_over(Instant at) const {
    const bool is_endless = timeout_ == kNoTimeout;
    return !has_succeeded_ || (!is_endless && at - last_reply_ >= timeout_ * kTimeoutsMax);
  }

  /// Returns how long to wait before the next attempt.
  Duration next_pause() { return back_off_.next(); }

 private:
  Duration timeout_;
  Instant last_reply_{};
  bool has_succeeded_ = false;
  BackOff back_off_;
};

}  // namespace hotline::cli
