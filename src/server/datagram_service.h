#pragma once

#include "hotline/net/datagram_socket.h"
#include "server/service.h"

namespace hotline::server {

/// Answers what comes to `socket`, one of those of `service`, with its handler, until it is drained
/// or cut. A DatagramHandler that throws is counted, logged, and after a pause called again: one
/// bad datagram must not end the service. The socket stays open. Suspends the fiber.
void serve_datagrams(Shared& shared, Service& service, DatagramSocket& socket) noexcept;

}  // namespace hotline::server
