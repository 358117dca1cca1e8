#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// Callers of a server with a challenge, one scheme for each seed, under every word of concurrency.
/// One knows the secret; the others know another one, send a part of the handshake, change a bit of
/// it, or answer with what they were sent. The handler never gets a call of those, whatever breaks,
/// and in a world where nothing breaks every call of the first is served.
Findings call_challenged(std::uint64_t seed);

}  // namespace simulation
