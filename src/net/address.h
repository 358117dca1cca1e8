#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"

namespace hotline::net {

/// A socket address taken apart, as text.
struct AddressText {
  std::string host;
  std::uint16_t port = 0;
  std::string path;
  bool is_abstract = false;
};

/// Takes any address apart; an IPv4 address mapped into IPv6 is shown as IPv4.
AddressText describe(const SocketAddress& address);

/// The address of a UNIX endpoint; its name fits, the parser has seen to that.
SocketAddress unix_address(std::string_view path, bool is_abstract);

/// An address that is bound: the kernel then gives a UNIX socket an abstract name. unix(7),
/// Autobind.
SocketAddress unix_autobind_address();

/// Whether it is the address of every interface.
bool is_wildcard(const SocketAddress& address);

/// Family as in socket(2).
int family_of(const SocketAddress& address);

}  // namespace hotline::net
