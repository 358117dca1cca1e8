#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// A message handler that sometimes waits, under every word of concurrency and a framing that the
/// seed chooses, called by several hosts that send ahead. Each reply is the complete answer to its
/// request, in the order of the requests; a message that was cut is an error, never a short one;
/// and in a world where nothing breaks every request is answered.
Findings call_framed(std::uint64_t seed);

}  // namespace simulation
