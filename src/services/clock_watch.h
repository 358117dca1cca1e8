#pragma once

#include "hotline/engine/clock.h"

namespace hotline::services {

/// Returns true if the wall clock was set between two readings: if it has gone by another time than
/// the monotonic clock. Linux corrects the speed of both clocks alike; elsewhere 500 millionths of
/// their speed are allowed for at most 10 s. Less than 1 ms is not noticed; after 10 s less than
/// 6 ms. A machine that was suspended in between counts as one whose clock was set.
bool was_wall_clock_set(const ClockReading& earlier, const ClockReading& later);

/// Returns by how much the wall clock has gone another way than the monotonic one.
Duration wall_clock_error(const ClockReading& earlier, const ClockReading& later);

}  // namespace hotline::services
