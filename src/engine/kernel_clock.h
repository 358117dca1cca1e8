#pragma once

#include <sys/timex.h>

#include <chrono>

#include "hotline/engine/clock_status.h"

namespace hotline::engine {

/// Returns what adjtimex(2) has reported: its result, and what it has filled in.
ClockStatus clock_status_of(int state, const timex& values);

/// Returns the smallest step between two readings of `read`, of those steps that lead forward.
template <typename Read>
Duration smallest_step(Read read) {
  constexpr int kSteps = 100;
  // More than a tick of the slowest clock takes.
  constexpr int kReadingsMax = 1'000'000;
  Duration smallest = std::chrono::seconds(1);
  auto last = read();
  for (int steps = 0, readings = 0; steps < kSteps && readings < kReadingsMax; ++readings) {
    const auto next = read();
    const auto step = std::chrono::duration_cast<Duration>(next - last);
    last = next;
    if (step <= Duration(0)) continue;
    smallest = std::min(smallest, step);
    ++steps;
  }
  return smallest;
}

}  // namespace hotline::engine
