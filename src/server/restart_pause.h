#pragma once

#include <algorithm>
#include <chrono>

#include "hotline/core/deadline.h"

namespace hotline::server {

/// How long to wait before a process that has died is replaced: one that dies at once, again and
/// again, must not keep a core busy with forking.
class RestartPause {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(50);
  static constexpr Duration kMax = std::chrono::seconds(2);

  /// Returns the pause before the next process, the last one having lived so long: twice the pause
  /// before, up to kMax; kFirst again after a life longer than kMax.
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
