#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "hotline/core/socket_address.h"

namespace hotline::engine {

/// A socket address as the simulated network sees it: an IPv6 address (IPv4 is mapped into it) and
/// a port, or the name of a UNIX socket. Compares by value, so that what is ordered by it is the
/// same in every run.
struct Site {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;
  std::string name;  ///< Of a UNIX socket: a path, or NUL and an abstract name.

  /// The site of an address; an empty name for a UNIX address without one.
  static Site of(const SocketAddress& address);

  /// The same for a socket of `family`.
  SocketAddress address(int family) const;

  bool is_wildcard() const;
  bool is_loopback() const;
  bool is_ipv4() const;

  /// The same, with the loopback in place of a wildcard: whom one talks to there.
  Site to_talk_to() const;
  Site with_ip(const std::array<std::uint8_t, 16>& other) const { return {other, port, name}; }

  friend auto operator<=>(const Site&, const Site&) = default;
};

using Ip = std::array<std::uint8_t, 16>;

/// a.b.c.d, mapped.
Ip ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);

}  // namespace hotline::engine
