#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"

namespace hotline::net {

/// The parts of a socket address, as text.
struct AddressText {
  std::string host;
  std::uint16_t port = 0;
  std::string path;
  bool is_abstract = false;
};

/// Takes any address apart; an IPv4 address mapped into IPv6 is shown as IPv4.
AddressText describe(const SocketAddress& address);

/// Returns the address of a UNIX endpoint. The parser has checked that the name fits.
SocketAddress unix_address(std::string_view path, bool is_abstract);

/// Returns the address with which the kernel gives a UNIX socket an abstract name. unix(7),
/// Autobind.
SocketAddress unix_autobind_address();

/// Returns an IPv4 address; `number` has its first byte at the top.
SocketAddress ipv4_address(std::uint32_t number, std::uint16_t port);

/// Returns an IP address in its IPv6 form, with IPv4 mapped; nullopt for other families.
std::optional<in6_addr> ip_of(const SocketAddress& address);

/// Returns true for the address of every interface.
bool is_wildcard(const SocketAddress& address);

/// Returns true for a UNIX path that does not begin at the root.
bool is_relative_path(const SocketAddress& address);

/// Returns true if both have the same IP address; a mapped IPv4 address equals the IPv4 address.
bool is_same_host(const SocketAddress& one, const SocketAddress& other);

/// Returns the IPv4 address that is mapped into an IPv6 one, or nullopt.
std::optional<SocketAddress> ipv4_of_mapped(const SocketAddress& address);

/// Returns true for an IP address that only this machine can have: 127.0.0.0/8 or ::1.
bool is_loopback(const SocketAddress& address);

/// Returns the port of an IP address; 0 without one.
std::uint16_t port_of(const SocketAddress& address);

/// Returns the same address with another port.
SocketAddress with_port(const SocketAddress& address, std::uint16_t port);

/// Returns whether `text` is an IP address in numbers, perhaps with an IPv6 scope.
bool is_numeric_host(std::string_view text);

/// Family as in socket(2).
int family_of(const SocketAddress& address);

}  // namespace hotline::net
