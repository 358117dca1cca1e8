#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// A server of streams that sends back what it gets, and callers with several streams each: of
/// bytes, of messages, and such that are never read. Some sessions are drained while their streams
/// go on. What arrives is always the beginning of what was sent; an end is seen only after
/// everything before it; every wait ends, also with a peer that is silent; and in a world where
/// nothing breaks every stream that is opened is complete, and every session ends in order.
Findings use_sessions(std::uint64_t seed);

}  // namespace simulation
