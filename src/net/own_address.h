#pragma once

#include "hotline/core/socket_address.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// The address that a datagram socket is bound to, by which it knows datagrams that claim to come
/// from itself.
class OwnAddress {
 public:
  /// Of a connected socket: nothing is its own.
  OwnAddress() = default;
  explicit OwnAddress(const SocketAddress& bound);

  /// Whether what came over `route` claims to come from this address. A socket that is bound to
  /// every address has each of this machine's: the kernel is asked whether the peer's is one of
  /// them, but only about a peer with the same port.
  bool is_peer(const DatagramRoute& route) const;

 private:
  SocketAddress address_;
  std::uint16_t port_ = 0;
  bool is_wildcard_ = false;
};

}  // namespace hotline::net
