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

/// Binds a socket to the first address of `endpoint` that can be bound, and listens with
/// `options.backlog` if the socket is for streams; `fd:N` is already bound. Fails with
/// `address_in_use` if another socket is bound there. The kernel may need a moment to release the
/// sockets of a killed program, so binding is retried for 100 ms. Fails with `invalid_argument` as
/// check_fit() does. Suspends the fiber.
Result<BoundSocket> bind_socket(const Endpoint& endpoint, SocketKind kind,
                                const SocketOptions& options);

/// Binds one more socket to the port of `first`, a TCP or UDP socket that bind_socket() or this
/// function returned; the kernel distributes callers among all of them. SO_REUSEPORT.
Result<BoundSocket> bind_beside(const engine::Channel& first, const Endpoint& endpoint,
                                SocketKind kind, const SocketOptions& options);

}  // namespace hotline::net
