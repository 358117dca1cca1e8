#pragma once

#include <functional>
#include <string_view>

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/stream.h"
#include "hotline/net/target.h"
#include "hotline/net/tls.h"

namespace hotline HOTLINE_PUBLIC {

/// How to connect.
struct ConnectOptions {
  Duration timeout = std::chrono::seconds(
      30);  ///< Covers the look-up of the name and the attempts at all addresses.
  SocketOptions socket{};
  StreamOptions stream{};
  /// Runs on the new stream before connect() returns it, such as an authentication. `timeout`
  /// covers its waits too. If it fails, connect() fails with its error and tries no other address.
  std::function<Result<void>(Stream& stream)> on_connected{};
  TlsOptions tls{};  ///< For `tls://`.
};

/// Connects to a stream endpoint: tries each address of its name in turn, within one deadline. The
/// error reports how each attempt failed. TCP streams send without delay (TCP_NODELAY), unless
/// `options.socket` requests otherwise, and detect a peer that has vanished (keepalive). Suspends
/// the fiber.
Result<Stream> connect(const Endpoint& endpoint, const ConnectOptions& options = {});

/// Same as above, for a parsed URI. Its options override those of `options`.
Result<Stream> connect(const Target& target, ConnectOptions options = {});

/// Same as above, for a URI. Its options override those of `options.socket`, and must all be known.
Result<Stream> connect(std::string_view uri, const ConnectOptions& options = {});

}  // namespace hotline
