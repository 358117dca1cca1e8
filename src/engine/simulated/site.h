#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hotline/core/socket_address.h"

namespace hotline::engine {

/// A socket address in the simulated network: an IPv6 address (IPv4 addresses are mapped) and a
/// port, or the name of a UNIX socket. Compares by value, so that an order by site is the same in
/// every run.
struct Site {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;
  std::string name;  ///< The name of a UNIX socket: a path, or NUL and an abstract name.

  /// Returns the site of an address. The name is empty for a UNIX address without one.
  static Site of(const SocketAddress& address);

  /// Returns the address for a socket of `family`.
  SocketAddress address(int family) const;

  bool is_wildcard() const;
  bool is_loopback() const;
  bool is_ipv4() const;

  /// Returns the site with a wildcard replaced by the loopback address, which is what a connection
  /// to it reaches.
  Site to_talk_to() const;
  Site with_ip(const std::array<std::uint8_t, 16>& other) const { return {other, port, name}; }

  friend auto operator<=>(const Site&, const Site&) = default;
};

using Ip = std::array<std::uint8_t, 16>;

/// Returns a.b.c.d, mapped.
Ip ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

}  // namespace hotline::engine
