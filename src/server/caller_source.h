#pragma once

#include <cstdint>
#include <string>

#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/identity.h"

namespace hotline::server {

/// Returns what limits count as one caller: an IPv4 address, or the /64 of an IPv6 address, because
/// an IPv6 host can choose any address in it. All callers at UNIX sockets have the same source.
std::string source_of(const Endpoint& peer);

/// Same as above, but callers at a UNIX socket are told apart by the user in `identity`, which may
/// be null.
std::string source_of(const Endpoint& peer, const Identity* identity);

/// Returns a number for the source of a datagram from `peer`: the same for equal sources, another
/// one for others. An IPv4 address that is mapped into IPv6 is the IPv4 address.
std::uint64_t source_prefix_of(const SocketAddress& peer);

/// Returns false if `peer` is a loopback address or a UNIX socket.
bool is_of_other_machine(const SocketAddress& peer);

}  // namespace hotline::server
