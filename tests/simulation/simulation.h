#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hotline/sim/world.h"

namespace simulation {

/// What one service's test found in one world, besides what the world itself checks.
struct Findings {
  std::string wrong;  ///< The verdict of its oracle; empty if all is well.
  hotline::FaultCounts faults;
  hotline::Duration simulated{};
  std::uint64_t trace_hash = 0;
};

/// The verdict of an oracle: the first thing that is wrong, or nothing.
struct Verdict {
  void blame(std::string what) {
    if (wrong.empty()) wrong = std::move(what) + '\n';
  }

  std::string wrong;
};

/// Returns what upper must answer.
std::string upper_cased(std::string text);

/// One world of one seed.
using Scenario = std::function<Findings(std::uint64_t seed)>;

/// Returns the options of a seed's world: its faults, windows, buffers and latencies. With TRACE in
/// the environment every event is printed.
hotline::sim::WorldOptions options_of(std::uint64_t seed);

/// Returns the findings of a finished world.
Findings findings_of(const hotline::sim::Outcome& outcome, std::string wrong);

/// Returns true if nothing can go wrong in such a world; every call must then succeed.
bool is_quiet(const hotline::FaultPlan& plan);

/// Returns true if only what every program must tolerate can go wrong: short reads and writes, and
/// delays below every deadline.
bool is_bearable(const hotline::FaultPlan& plan);

}  // namespace simulation
