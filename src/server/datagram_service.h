#pragma once

#include "hotline/net/datagram_socket.h"
#include "server/service.h"

namespace hotline::server {

/// Answers the datagrams that arrive at `socket`, which belongs to `service`, with its handler,
/// until it is drained or cut. A DatagramHandler that throws is counted, logged, and called again
/// after a pause, so that one bad datagram does not end the service. The socket stays open.
/// Suspends the fiber.
void serve_datagrams(ServerState& state, Service& service, DatagramSocket& socket) noexcept;

}  // namespace hotline::server
