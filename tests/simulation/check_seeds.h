#pragma once

#include "hotline/sim/seeds.h"
#include "simulation/simulation.h"

namespace simulation {

/// Runs `scenario` for the seeds of a test; a failure names the seed that replays it.
void check_seeds(const Scenario& scenario, hotline::sim::SeedRange range);

}  // namespace simulation
