#pragma once

#include <chrono>

#include "hotline/core/deadline.h"

namespace hotline::cli {

/// How long to pause between attempts to reach a server that does not answer: each time twice as
/// long, and at random up to a half shorter, so that many clients do not come back at once.
class BackOff {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(5);

  /// Returns the pause before the next attempt.
  Duration next();

 private:
  Duration pause_ = kFirst;
};

}  // namespace hotline::cli
