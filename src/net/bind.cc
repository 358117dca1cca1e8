#include "net/bind.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "engine/engine.h"
#include "net/address.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

using engine::Channel;
using engine::Engine;

constexpr std::string_view kListenOn = "listen on";

Error bind_error(int code, const Endpoint& endpoint) {
  Error error = engine::operation_error(code, kListenOn, endpoint.format_without_options());
  if (error.kind == ErrorKind::not_found) error.advice = "its directory must exist";
  return error;
}

/// A port that is shared would be shared with a second run of the same program too: without
/// SO_REUSEPORT the kernel tells whether anybody is there.
int probe_exclusive(const SocketAddress& address, int socket_type, bool is_dual_stack) {
  Engine& engine = Engine::current();
  const Channel probe{UniqueFd(engine.open_socket(family_of(address), socket_type))};
  if (!probe.is_open()) return -EAFNOSUPPORT;
  if (socket_type == SOCK_STREAM) set_flag(probe, SOL_SOCKET, SO_REUSEADDR);
  if (family_of(address) == AF_INET6) {
    set_flag(probe, IPPROTO_IPV6, IPV6_V6ONLY, is_dual_stack ? 0 : 1);
  }
  return engine.bind(probe.fd(), address);
}

void prepare(const Channel& channel, const SocketAddress& address, int socket_type,
             PortSharing sharing, bool is_dual_stack) {
  const int family = family_of(address);
  if (family == AF_INET6) {
    set_flag(channel, IPPROTO_IPV6, IPV6_V6ONLY, is_dual_stack ? 0 : 1);
  }
  if (family == AF_UNIX) return;
  // Without it a restarted server could not bind for a minute, while old connections are in
  // TIME_WAIT. On UDP it would let another program take the port over.
  if (socket_type == SOCK_STREAM) set_flag(channel, SOL_SOCKET, SO_REUSEADDR);
  if (sharing == PortSharing::shared) set_flag(channel, SOL_SOCKET, SO_REUSEPORT);
}

Result<BoundSocket> bind_address(const Endpoint& endpoint, const SocketAddress& address,
                                 int socket_type, const SocketOptions& options,
                                 PortSharing sharing) {
  Engine& engine = Engine::current();
  const bool is_path = !endpoint.path().empty() && !endpoint.is_abstract();
  if (is_path) {
    auto cleared = clear_stale_path(endpoint, address, socket_type);
    if (!cleared) return fail(std::move(cleared.error()));
  }
  auto channel = open_socket(address, socket_type, kListenOn, endpoint);
  if (!channel) return fail(std::move(channel.error()));
  prepare(**channel, address, socket_type, sharing, endpoint.host().empty());
  if (const int bound = engine.bind((*channel)->fd(), address); bound < 0) {
    return fail(bind_error(bound, endpoint));
  }
  BoundSocket socket;
  if (is_path) {
    auto path = BoundPath::adopt(endpoint, options.mode);
    if (!path) return fail(std::move(path.error()));
    socket.path = std::move(*path);
  }
  if (const int told = engine.local_address((*channel)->fd(), socket.address); told < 0) {
    return fail(bind_error(told, endpoint));
  }
  socket.endpoint = Endpoint::of_address(endpoint.transport(), socket.address);
  socket.channel = std::move(*channel);
  return socket;
}

Result<BoundSocket> inherit(const Endpoint& endpoint, int socket_type) {
  auto channel = inherit_socket(endpoint, socket_type, socket_type == SOCK_STREAM);
  if (!channel) return fail(std::move(channel.error()));
  BoundSocket socket;
  const int told = Engine::current().local_address((*channel)->fd(), socket.address);
  if (told < 0) return fail(bind_error(told, endpoint));
  socket.endpoint = Endpoint::of_address(transport_of(socket.address, socket_type), socket.address);
  socket.channel = std::move(*channel);
  return socket;
}

}  // namespace

Result<BoundSocket> bind_socket(const Endpoint& endpoint, int socket_type,
                                const SocketOptions& options, PortSharing sharing) {
  if (endpoint.transport() == Transport::fd) return inherit(endpoint, socket_type);
  const auto addresses = resolve(endpoint, engine::LookupPurpose::bind);
  if (!addresses) {
    Error error = addresses.error();
    error.operation = kListenOn;
    error.endpoint = endpoint.format_without_options();
    return fail(std::move(error));
  }
  Result<BoundSocket> bound = fail(bind_error(-EADDRNOTAVAIL, endpoint));
  for (const SocketAddress& address : *addresses) {
    bound = bind_address(endpoint, address, socket_type, options, sharing);
    // Another address of the same name is no answer to a port that is taken.
    if (bound || bound.error().kind == ErrorKind::address_in_use) return bound;
  }
  return bound;
}

Result<void> check_unshared(const Endpoint& endpoint, int socket_type) {
  if (endpoint.port() == 0 || !endpoint.path().empty()) return {};
  const auto addresses = resolve(endpoint, engine::LookupPurpose::bind);
  if (!addresses) return {};
  for (const SocketAddress& address : *addresses) {
    const int probed = probe_exclusive(address, socket_type, endpoint.host().empty());
    if (probed == -EADDRINUSE) return fail(bind_error(probed, endpoint));
    // The one that will be bound has been asked about.
    if (probed == 0) return {};
  }
  return {};
}

}  // namespace hotline::net
