#pragma once

#include <memory>

#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// Lets the server receive while a handler still uses a datagram.
struct BatchKeeper {
  /// Keeps the result of the last receive valid while the returned pointer exists. The next receive
  /// uses other memory.
  static std::shared_ptr<void> keep(DatagramSocket& socket) { return socket.keep_batch(); }
};

}  // namespace hotline::net
