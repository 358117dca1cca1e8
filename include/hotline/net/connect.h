#pragma once

#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/stream.h"

namespace hotline {

/// How to connect.
struct ConnectOptions {
  Duration timeout =
      std::chrono::seconds(30);  ///< For name, connection and all addresses together.
  SocketOptions socket{};
  StreamOptions stream{};
};

/// Connects to a stream endpoint: each address of its name in turn, within one deadline. The error
/// tells how each of them failed. TCP streams send without delay (TCP_NODELAY), unless
/// `options.socket` says otherwise, and notice a vanished peer (keepalive). Suspends the fiber.
Result<Stream> connect(const Endpoint& endpoint, const ConnectOptions& options = {});

/// Same as above, for a URI. Its options stand above those of `options.socket`, and must all be
/// known.
Result<Stream> connect(std::string_view uri, const ConnectOptions& options = {});

}  // namespace hotline
