#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// `time` over UDP and UNIX datagrams, on a host whose clock is stepped. Every reply is for a
/// request of its caller, and says what the clock said at some moment between the request and the
/// reply. In worlds where datagrams come in time and unchanged, a forged datagram makes two servers
/// answer each other, and they stop.
Findings tell_time(std::uint64_t seed);

}  // namespace simulation
