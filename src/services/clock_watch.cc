#include "services/clock_watch.h"

#include <chrono>

namespace hotline::services {

bool was_wall_clock_set(const ClockReading& earlier, const ClockReading& later) {
  constexpr Duration kUnnoticed = std::chrono::milliseconds(1);
  constexpr int kSlewPerMillion = 500;
  const Duration elapsed = later.monotonic - earlier.monotonic;
  const Duration gone = later.wall - earlier.wall;
  const Duration allowed = kUnnoticed + elapsed / 1'000'000 * kSlewPerMillion;
  return gone - elapsed > allowed || elapsed - gone > allowed;
}

}  // namespace hotline::services
