#pragma once

#include <algorithm>
#include <chrono>

#include "hotline/core/deadline.h"

namespace hotline::server {

/// How long to wait before a dead process is replaced, so that one that dies at once, again and
/// again, does not keep a core busy with forks.
class RestartPause {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(50);
  static constexpr Duration kMax = std::chrono::seconds(2);

  /// Returns the pause before the next process, after one that lived for `lived`: twice the
  /// previous pause, up to kMax, or kFirst again after a life longer than kMax.
  Duration next(Duration lived) {
    if (lived > kMax) pause_ = kFirst;
    const Duration pause = pause_;
    pause_ = std::min(2 * pause_, kMax);
    return pause;
  }

 private:
  Duration pause_ = kFirst;
};

}  // namespace hotline::server
