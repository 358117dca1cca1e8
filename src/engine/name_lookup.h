#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"

namespace hotline::engine {

/// What the addresses are used for.
enum class LookupPurpose : bool { connect, bind };

/// Returns the addresses of `host` with `port`, best first. An empty host means every interface, or
/// the loopback address to connect to; an IPv6 scope may follow `%`. A numeric host is converted at
/// once; for a name, getaddrinfo(3) runs on another thread and the fiber is suspended. A thread
/// that nothing interrupts blocks if it is to bind. Fails with `unreachable` if the name does not
/// exist.
Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           int socket_type, LookupPurpose purpose);

}  // namespace hotline::engine
