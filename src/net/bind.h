#pragma once

#include <memory>

#include "engine/channel.h"
#include "hotline/core/result.h"
#include "hotline/net/listener.h"
#include "net/bound_path.h"
#include "net/inherited_mode.h"
#include "net/socket_kind.h"

namespace hotline::net {

/// A socket that is bound; a stream socket listens.
struct BoundSocket {
  std::unique_ptr<engine::Channel> channel;
  Endpoint endpoint;  ///< The endpoint, with the port that the kernel chose.
  SocketAddress address;
  BoundPath path;
  std::shared_ptr<InheritedMode> mode;  ///< Set for an inherited socket that was blocking.
};

/// Binds a socket to the first address of `endpoint` that takes it, and listens with
/// `options.backlog` if it is for streams; `fd:N` is bound already.
/// Fails with `address_in_use` if any other socket is bound there, however both began; but what a
/// program that was just killed still holds may take the kernel a moment to free, so that is tried
/// again for 100 ms. Fails with `invalid_argument` as check_fit does. Suspends the fiber.
Result<BoundSocket> bind_socket(const Endpoint& endpoint, SocketKind kind,
                                const SocketOptions& options);

/// One more socket at the port of `first`, a TCP or UDP socket that bind_socket or this gave; the
/// kernel deals callers out among all of them. SO_REUSEPORT.
Result<BoundSocket> bind_beside(const engine::Channel& first, const Endpoint& endpoint,
                                SocketKind kind, const SocketOptions& options);

}  // namespace hotline::net
