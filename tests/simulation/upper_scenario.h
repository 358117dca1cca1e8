#pragma once

#include <cstdint>

#include "simulation/simulation.h"

namespace simulation {

/// `upper` under every word of concurrency, called by several hosts at once over TCP and UNIX
/// streams. Replies are the requests in upper case, complete or a beginning of it, and in a world
/// where nothing breaks every call succeeds.
Findings call_upper(std::uint64_t seed);

/// `upper` over UDP and UNIX datagrams. Every reply is the whole of some request, in upper case,
/// from the address that was called; none comes without a request, and none twice unless the
/// network duplicated it.
Findings send_upper(std::uint64_t seed);

/// `upper` on a host that is killed and started again, three times, while callers call repeatedly,
/// some of which are killed too. Replies stay right, the new server takes the place of the old one,
/// and nothing of the dead is left.
Findings survive_deaths(std::uint64_t seed);

/// `upper` on a host that is stopped repeatedly, past the deadlines of its calls, and whose waits
/// for events end early. Every caller that sends in time is answered, and no call is ended as
/// silent.
Findings survive_stops(std::uint64_t seed);

}  // namespace simulation
