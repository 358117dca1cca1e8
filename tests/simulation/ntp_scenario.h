#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// NTP clients and a server whose clocks drift and are set, over a network that loses, duplicates,
/// delays and changes datagrams, with forged and replayed replies, and with programs that are
/// stopped. A client reports an offset within the error that it states, or an error, but never a
/// wrong offset. Where nothing goes wrong it reports one.
Findings ask_for_offset(std::uint64_t seed);

}  // namespace simulation
