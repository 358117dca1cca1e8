#pragma once

#include <cstddef>
#include <memory>

#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// Operations on datagram sockets for this library's own code. Thread and lifetime are those of the
/// DatagramSocket.
struct DatagramAccess {
  /// Keeps the result of the last receive valid while the returned pointer exists. The next receive
  /// uses other memory.
  static std::shared_ptr<void> keep(DatagramSocket& socket) { return socket.keep_batch(); }

  /// Before the first receive: has the kernel hand over each datagram by itself. For a socket that
  /// several processes receive from, because datagrams that came together would all wait for one.
  static void forbid_coalescing(DatagramSocket& socket) { socket.forbid_coalescing(); }

  /// Drops what the kernel has handed over and no receive has returned, before a fork copies it.
  /// Returns how many datagrams those are.
  static std::size_t drop_unread(DatagramSocket& socket) { return socket.drop_unread(); }
};

}  // namespace hotline::net
