#pragma once

#include <memory>

#include "engine/channel.h"
#include "hotline/core/result.h"
#include "hotline/net/listener.h"
#include "net/bound_path.h"

namespace hotline::net {

/// A socket that has its address.
struct BoundSocket {
  std::unique_ptr<engine::Channel> channel;
  Endpoint endpoint;  ///< With the port that the kernel gave.
  SocketAddress address;
  BoundPath path;
};

/// Binds a socket to the first address of `endpoint` that takes it; `fd:N` is bound already.
/// `socket_type` as in socket(2).
Result<BoundSocket> bind_socket(const Endpoint& endpoint, int socket_type,
                                const SocketOptions& options, PortSharing sharing);

/// Fails with `address_in_use` if anybody is bound to the port of `endpoint`, also where
/// SO_REUSEPORT would let this process bind beside them. Ask before the first of several that
/// share.
Result<void> check_unshared(const Endpoint& endpoint, int socket_type);

}  // namespace hotline::net
