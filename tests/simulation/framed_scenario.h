#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// A message handler that now and then waits, under every word of concurrency and a framing of the
/// seed's choice, called by several hosts that send ahead: each reply is the whole answer to its
/// request, in the order of the requests; a message that was cut is an error, never a short one;
/// and in a world where nothing breaks every one is answered.
Findings call_framed(std::uint64_t seed);

}  // namespace simulation
