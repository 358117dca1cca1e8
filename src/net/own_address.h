#pragma once

#include "hotline/core/socket_address.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// The address that a datagram socket is bound to. It identifies datagrams that claim to come from
/// the socket itself.
class OwnAddress {
 public:
  /// For a connected socket: nothing counts as its own.
  OwnAddress() = default;
  explicit OwnAddress(const SocketAddress& bound);

  /// Returns true if the datagram with `route` claims to come from this address. A socket bound to
  /// every address has all addresses of this machine: the kernel is asked whether the peer's is one
  /// of them, but only for a peer with the same port.
  bool is_peer(const DatagramRoute& route) const;

 private:
  SocketAddress address_;
  std::uint16_t port_ = 0;
  bool is_wildcard_ = false;
};

}  // namespace hotline::net
