#pragma once

#include <cstddef>
#include <cstdint>

#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// The part of a route that only the kernel reads: IP_PKTINFO or IPV6_PKTINFO, as sendmsg(2) takes
/// it.
struct RouteControl {
  static constexpr std::size_t kBytesMax = sizeof(DatagramRoute::control_);

  static std::byte* data(DatagramRoute& route) { return route.control_.data(); }
  static const std::byte* data(const DatagramRoute& route) { return route.control_.data(); }
  static std::uint8_t& size(DatagramRoute& route) { return route.control_size_; }
  static std::uint8_t size(const DatagramRoute& route) { return route.control_size_; }
};

}  // namespace hotline::net
