#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// What programs wait for besides the network, each with its oracle: room, time, cancels, other
/// threads' work, processes.
Findings use_primitives(std::uint64_t seed);

}  // namespace simulation
