#include "net/own_address.h"

#include <sys/socket.h>

#include "engine/channel.h"
#include "engine/engine.h"
#include "net/address.h"

namespace hotline::net {
namespace {

/// Only an address of this machine can be bound to. (An IPv4 address in IPv6 form cannot if
/// net.ipv6.bindv6only is set.)
bool is_of_this_machine(const SocketAddress& peer) {
  if (is_loopback(peer)) return true;
  const SocketAddress address = ipv4_of_mapped(peer).value_or(peer);
  engine::Engine& engine = engine::Engine::current();
  const engine::Channel probe{UniqueFd(engine.open_socket(family_of(address), SOCK_DGRAM))};
  return probe.is_open() && engine.bind(probe.fd(), with_port(address, 0)) == 0;
}

}  // namespace

OwnAddress::OwnAddress(const SocketAddress& bound)
    : address_(bound), port_(port_of(bound)), is_wildcard_(net::is_wildcard(bound)) {}

bool OwnAddress::is_peer(const DatagramRoute& route) const {
  if (address_.is_empty()) return false;
  if (port_ == 0) return address_ == route.peer;
  if (port_of(route.peer) != port_) return false;
  return is_wildcard_ ? is_of_this_machine(route.peer) : is_same_host(address_, route.peer);
}

}  // namespace hotline::net
