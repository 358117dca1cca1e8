#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"

namespace hotline::engine {

/// What the addresses are for.
enum class LookupPurpose : bool { connect, bind };

/// The addresses of `host` (empty: every interface, or the loopback to connect to) with `port`,
/// best first; an IPv6 scope may follow `%`. A numeric one is had at once; for a name
/// getaddrinfo(3) runs on another thread and the fiber is suspended. Fails with `unreachable` if
/// there is no such name.
Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port,
                                           int socket_type, LookupPurpose purpose);

}  // namespace hotline::engine
