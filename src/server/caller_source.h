#pragma once

#include <string>

#include "hotline/net/endpoint.h"
#include "hotline/net/stream.h"

namespace hotline::server {

/// Returns what limits count as one caller: an IPv4 address, or the /64 of an IPv6 address, because
/// an IPv6 host can choose any address in it. Of a UNIX socket it is the same for all callers.
std::string source_of(const Endpoint& peer);

/// Same as above, but callers at a UNIX socket are told apart by their user. `call` must be open.
std::string source_of(const Stream& call);

}  // namespace hotline::server
