#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// What programs wait for besides the network, each with its oracle: semaphores, time, cancels, the
/// work of other threads, processes.
Findings use_primitives(std::uint64_t seed);

}  // namespace simulation
