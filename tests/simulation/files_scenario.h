#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// A scripted server of files, and callers that put and get files of several blocks, each over
/// connection after connection until it has succeeded or given up. A success is always true: the
/// server has the whole file, or the caller has. What the server has kept of an upload is sometimes
/// damaged. In a world where nothing breaks everything succeeds.
Findings transfer_files(std::uint64_t seed);

}  // namespace simulation
