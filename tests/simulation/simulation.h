#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "hotline/sim/world.h"

namespace simulation {

/// What one service's test saw in one world, besides what the world itself looks for.
struct Findings {
  std::string wrong;  ///< What its oracle says; empty if all is well.
  hotline::FaultCounts faults;
  hotline::Duration simulated{};
  std::uint64_t trace_hash = 0;
};

/// What an oracle says: the first thing that is wrong, or nothing.
struct Verdict {
  void blame(std::string what) {
    if (wrong.empty()) wrong = std::move(what) + '\n';
  }

  std::string wrong;
};

/// What upper must answer.
std::string upper_cased(std::string text);

/// One world of one seed.
using Scenario = std::function<Findings(std::uint64_t seed)>;

/// The options of a seed's world: its faults, its windows, its buffers, its latencies. With TRACE
/// in the environment everything that happens is printed.
hotline::sim::WorldOptions options_of(std::uint64_t seed);

/// What a finished world says.
Findings findings_of(const hotline::sim::Outcome& outcome, std::string wrong);

/// Whether nothing can go wrong in such a world: then every call must succeed.
bool is_quiet(const hotline::FaultPlan& plan);

/// The same, but for what every program must bear: short reads and writes, delays that stay below
/// every deadline.
bool is_bearable(const hotline::FaultPlan& plan);

}  // namespace simulation
