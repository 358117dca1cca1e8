#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// The service of files on a simulated disk, and callers that put, get, move, copy and remove over
/// connections that break, while its host is killed or loses its power at any moment and starts
/// again. What the disk has after each of these, and what callers get, must be what they have
/// heard: a name shows an old or a new content, whole (I1), the new one after a success (I2, I6);
/// the quota holds, and the ledger is what is there (I3); nothing that is staged is visible, or
/// stays (I4); what is continued is one content (I5).
Findings survive_power_cuts(std::uint64_t seed);

}  // namespace simulation
