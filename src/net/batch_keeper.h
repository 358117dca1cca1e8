#pragma once

#include <memory>

#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// For the server, which goes on to receive while a handler still has a datagram.
struct BatchKeeper {
  /// Keeps what the last receive gave valid for as long as the returned pointer exists. The next
  /// receive uses other memory.
  static std::shared_ptr<void> keep(DatagramSocket& socket) { return socket.keep_batch(); }
};

}  // namespace hotline::net
