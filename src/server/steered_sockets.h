#pragma once

#include "server/service.h"

namespace hotline::server {

/// Binds further sockets of `service`, which has one, as many as there are loops or threads to
/// answer datagrams, and has the kernel steer each source address to one of them. Where that is
/// impossible, leaves one socket and logs why. Fails as DatagramSocket::share_port() does.
Result<void> bind_steered_sockets(Service& service, const ServerOptions& options);

}  // namespace hotline::server
