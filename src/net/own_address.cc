#include "net/own_address.h"

#include <sys/socket.h>

#include "engine/channel.h"
#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "net/address.h"

namespace hotline::net {
namespace {

/// What this machine sends to an address of its own comes from that address. (That it can bind to
/// an address proves nothing: net.ipv4.ip_nonlocal_bind allows that for all.)
bool is_of_this_machine(const SocketAddress& peer) {
  if (is_loopback(peer) || is_wildcard(peer)) return true;
  const SocketAddress address = ipv4_of_mapped(peer).value_or(peer);
  engine::Engine& engine = engine::Engine::current();
  engine::Channel probe{UniqueFd(engine.open_socket(family_of(address), SOCK_DGRAM))};
  // A service that talks to itself does so for ever, and a lost reply is no more than that.
  if (!probe.is_open()) return true;
  engine::Connect connect(probe, address);
  SocketAddress source;
  return engine.attempt(connect) == 0 && engine.local_address(probe.fd(), source) == 0 &&
         is_same_host(source, address);
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
