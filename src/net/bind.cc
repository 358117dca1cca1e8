#include "net/bind.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "net/address.h"
#include "net/socket.h"
#include "net/socket_option_row.h"

namespace hotline::net {
namespace {

using engine::Channel;
using engine::Engine;

constexpr Literal kListenOn = "listen on";

// The ring of a killed process, and the processes that it started, hold its sockets for up to some
// 20 ms after it was reaped.
constexpr Duration kInUseRetry = std::chrono::milliseconds(100);
constexpr Duration kInUsePause = std::chrono::milliseconds(5);

Error bind_error(int code, const Endpoint& endpoint) {
  Error error = engine::operation_error(code, kListenOn, endpoint.to_string());
  if (error.kind == ErrorKind::not_found) error.advice = "its directory must exist";
  advise_on_permission(error, endpoint);
  return error;
}

void prepare(const Channel& channel, const Endpoint& endpoint, int family, SocketKind kind,
             const SocketOptions& options, bool is_v6_only) {
  if (family == AF_INET6) set_flag(channel, IPPROTO_IPV6, IPV6_V6ONLY, is_v6_only ? 1 : 0);
  if (kind != SocketKind::stream) return;
  // Without it a restarted server could not bind for a minute, while old connections are in
  // TIME_WAIT. On UDP it would let another program take the port over.
  if (family != AF_UNIX) set_flag(channel, SOL_SOCKET, SO_REUSEADDR);
  // Accepted sockets inherit these, which saves every connection the calls.
  prepare_stream(channel, endpoint.transport(), options);
}

int backlog_of(const SocketOptions& options) {
  return options.backlog.value_or(SocketOptions::kBacklogDefault);
}

/// Binds `socket.channel` to `address`, and listens if it is for streams: 0 or a negated errno.
int take_address(BoundSocket& socket, const SocketAddress& address, SocketKind kind, int backlog) {
  Engine& engine = Engine::current();
  const int fd = socket.channel->fd();
  if (const int bound = engine.bind(fd, address); bound < 0) return bound;
  // Only one of two that were bound with SO_REUSEADDR can listen.
  const int listening = kind == SocketKind::stream ? engine.listen(fd, backlog) : 0;
  return listening < 0 ? listening : engine.local_address(fd, socket.address);
}

Result<BoundSocket> bind_port(const Endpoint& endpoint, const SocketAddress& address,
                              SocketKind kind, const SocketOptions& options) {
  if (options.v6_only && family_of(address) != AF_INET6) {
    return fail(make_error(ErrorKind::invalid_argument, kListenOn, endpoint.to_string(),
                           "the option 'v6only' is for IPv6, and this address is not",
                           "leave it out"));
  }
  auto channel = open_socket(address, kind, kListenOn, endpoint);
  if (!channel) return fail(std::move(channel.error()));
  prepare(**channel, endpoint, family_of(address), kind, options,
          options.v6_only.value_or(!endpoint.host().empty()));
  BoundSocket socket;
  socket.channel = std::move(*channel);
  const int taken = take_address(socket, address, kind, backlog_of(options));
  if (taken < 0) return fail(bind_error(taken, endpoint));
  socket.endpoint = Endpoint::of_address(endpoint.transport(), socket.address);
  return socket;
}

/// While the path is locked, no other program that uses this library examines or replaces it.
Result<BoundSocket> bind_path(const Endpoint& endpoint, const SocketAddress& address,
                              SocketKind kind, const SocketOptions& options) {
  const auto lock = PathLock::take(endpoint);
  if (!lock) return fail(lock.error());
  if (auto cleared = clear_stale_path(endpoint); !cleared) return fail(std::move(cleared.error()));
  auto channel = open_socket(address, kind, kListenOn, endpoint);
  if (!channel) return fail(std::move(channel.error()));
  BoundSocket socket;
  socket.channel = std::move(*channel);
  Engine& engine = Engine::current();
  const int fd = socket.channel->fd();
  // From its creation on, the path must not be writable for other users.
  if (options.mode) engine.set_mode(fd, *options.mode);
  set_buffer_sizes(*socket.channel, options);
  if (const int bound = engine.bind(fd, address); bound < 0)
    return fail(bind_error(bound, endpoint));
  auto path = BoundPath::adopt(endpoint, options.mode);
  if (!path) return fail(std::move(path.error()));
  socket.path = std::move(*path);
  const int listening = kind == SocketKind::stream ? engine.listen(fd, backlog_of(options)) : 0;
  if (listening < 0) return fail(bind_error(listening, endpoint));
  socket.address = address;
  socket.endpoint = Endpoint::of_address(endpoint.transport(), address);
  return socket;
}

Result<BoundSocket> bind_first(const Endpoint& endpoint,
                               const std::vector<SocketAddress>& addresses, SocketKind kind,
                               const SocketOptions& options) {
  Result<BoundSocket> bound = fail(bind_error(-EADDRNOTAVAIL, endpoint));
  for (const SocketAddress& address : addresses) {
    bound = endpoint.is_unix_path() ? bind_path(endpoint, address, kind, options)
                                    : bind_port(endpoint, address, kind, options);
    // If the port is taken, another address of the same name is not tried.
    if (bound || bound.error().kind == ErrorKind::address_in_use) return bound;
  }
  return bound;
}

Result<BoundSocket> inherit(const Endpoint& endpoint, SocketKind kind,
                            const SocketOptions& options) {
  auto channel = inherit_socket(endpoint, kind, kind == SocketKind::stream);
  if (!channel) return fail(std::move(channel.error()));
  BoundSocket socket;
  const int told = Engine::current().local_address((*channel)->fd(), socket.address);
  if (told < 0) return fail(bind_error(told, endpoint));
  socket.endpoint = Endpoint::of_address(transport_of(socket.address, kind), socket.address);
  if (auto fit = check_fit(socket.endpoint, options, Side::server, kListenOn); !fit) {
    return fail(std::move(fit.error()));
  }
  prepare_stream(**channel, socket.endpoint.transport(), options);
  if (options.backlog) Engine::current().listen((*channel)->fd(), *options.backlog);
  socket.mode = InheritedMode::make_non_blocking((*channel)->fd());
  socket.channel = std::move(*channel);
  return socket;
}

}  // namespace

Result<BoundSocket> bind_socket(const Endpoint& endpoint, SocketKind kind,
                                const SocketOptions& options) {
  if (auto fit = check_fit(endpoint, options, Side::server, kListenOn); !fit) {
    return fail(std::move(fit.error()));
  }
  if (endpoint.transport() == Transport::fd) return inherit(endpoint, kind, options);
  const auto addresses = resolve(endpoint, engine::LookupPurpose::bind);
  if (!addresses) {
    Error error = addresses.error();
    error.operation = kListenOn;
    error.endpoint = endpoint.to_string();
    return fail(std::move(error));
  }
  const Deadline deadline = deadline_after(kInUseRetry);
  for (;;) {
    auto bound = bind_first(endpoint, *addresses, kind, options);
    if (bound || bound.error().native_code != EADDRINUSE) return bound;
    if (deadline.has_passed(now()) || !sleep_for(kInUsePause)) return bound;
  }
}

Result<BoundSocket> bind_beside(const Channel& first, const Endpoint& endpoint, SocketKind kind,
                                const SocketOptions& options) {
  Engine& engine = Engine::current();
  BoundSocket socket;
  if (const int told = engine.local_address(first.fd(), socket.address); told < 0) {
    return fail(bind_error(told, endpoint));
  }
  const int family = family_of(socket.address);
  // Set only after the first socket was bound: otherwise the port could be shared with another
  // program that does the same.
  set_flag(first, SOL_SOCKET, SO_REUSEPORT);
  auto channel = open_socket(socket.address, kind, kListenOn, endpoint);
  if (!channel) return fail(std::move(channel.error()));
  prepare(**channel, endpoint, family, kind, options,
          get_flag(first, IPPROTO_IPV6, IPV6_V6ONLY) != 0);
  set_flag(**channel, SOL_SOCKET, SO_REUSEPORT);
  socket.channel = std::move(*channel);
  const SocketAddress address = socket.address;
  const int taken = take_address(socket, address, kind, backlog_of(options));
  if (taken < 0) return fail(bind_error(taken, endpoint));
  socket.endpoint = endpoint;
  return socket;
}

}  // namespace hotline::net
