#include "services/clock_watch.h"

#include <algorithm>
#include <chrono>

namespace hotline::services {

bool was_wall_clock_set(const ClockReading& earlier, const ClockReading& later) {
  constexpr Duration kUnnoticed = std::chrono::milliseconds(1);
  constexpr int kSlewPerMillion = 500;
  constexpr Duration kSlewMax = std::chrono::seconds(10);
  const Duration slewed = std::min<Duration>(later.monotonic - earlier.monotonic, kSlewMax);
  return wall_clock_error(earlier, later) > kUnnoticed + slewed / 1'000'000 * kSlewPerMillion;
}

Duration wall_clock_error(const ClockReading& earlier, const ClockReading& later) {
  return std::chrono::abs((later.wall - earlier.wall) - (later.monotonic - earlier.monotonic));
}

}  // namespace hotline::services
