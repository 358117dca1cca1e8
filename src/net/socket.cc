#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "engine/engine.h"
#include "engine/operations/connect.h"
#include "hotline/core/bytes.h"
#include "net/address.h"
#include "net/transport_row.h"

namespace hotline::net {
namespace {

using engine::Engine;

// A peer that has vanished without notice is detected after two and a half minutes.
constexpr int kKeepaliveIdleSeconds = 60;
constexpr int kKeepaliveIntervalSeconds = 15;
constexpr int kKeepaliveProbes = 6;

constexpr int kSendQueueBytes = 4 * 1024 * 1024;

int type_of(const Endpoint& endpoint) {
  return native(row_of(endpoint.transport()).socket.value_or(SocketKind::stream));
}

int number_option(int fd, int level, int name) {
  int value = 0;
  std::size_t size = sizeof value;
  const int result = Engine::current().get_option(fd, level, name, &value, size);
  return result < 0 ? result : value;
}

std::unexpected<Error> refuse_inherited(const Endpoint& endpoint, SocketKind kind,
                                        std::string detail) {
  return fail(make_error(ErrorKind::invalid_argument, "use the inherited socket",
                         endpoint.to_string(), std::move(detail),
                         kind == SocketKind::stream
                             ? "the program that starts this one must pass a TCP or UNIX stream "
                               "socket there that listens"
                             : "the program that starts this one must pass a UDP or UNIX datagram "
                               "socket there that is bound"));
}

/// Returns true if a caller can name it: it has a port, or a path or name.
bool is_bound(int fd) {
  SocketAddress address;
  if (Engine::current().local_address(fd, address) < 0) return false;
  return family_of(address) == AF_UNIX ? !describe(address).path.empty() : port_of(address) != 0;
}

/// Returns an IPv4 address that is written as an IPv6 one as IPv4, which needs neither IPv6 here
/// nor a socket for both.
SocketAddress without_mapping(const SocketAddress& address) {
  return ipv4_of_mapped(address).value_or(address);
}

}  // namespace

Result<std::unique_ptr<engine::Channel>> open_socket(const SocketAddress& address, SocketKind kind,
                                                     std::string_view operation,
                                                     const Endpoint& endpoint) {
  const int fd = Engine::current().open_socket(family_of(address), native(kind));
  if (fd < 0) {
    return fail(engine::operation_error(fd, operation, endpoint.to_string()));
  }
  return std::make_unique<engine::Channel>(UniqueFd(fd));
}

Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint,
                                           engine::LookupPurpose purpose) {
  if (!endpoint.path().empty()) {
    return std::vector{unix_address(endpoint.path(), endpoint.is_abstract())};
  }
  auto addresses = engine::look_up(endpoint.host(), endpoint.port(), type_of(endpoint), purpose);
  if (addresses) std::ranges::transform(*addresses, addresses->begin(), without_mapping);
  const bool is_every_address = endpoint.host().empty() && purpose == engine::LookupPurpose::bind;
  if (addresses && is_every_address) {
    // The IPv6 wildcard serves IPv4 as well, if the machine has IPv6.
    std::ranges::partition(
        *addresses, [](const SocketAddress& address) { return family_of(address) == AF_INET6; });
  }
  return addresses;
}

Result<void> check_port(const Endpoint& endpoint, Literal operation) {
  if (!has_port(endpoint.transport()) || endpoint.port() != 0) return {};
  return fail(make_error(ErrorKind::invalid_argument, operation, endpoint.to_string(),
                         "no server can be called at port 0",
                         "write the port of the server; 0 is for listening at any free port"));
}

int set_flag(const engine::Channel& channel, int level, int name, int value) {
  return Engine::current().set_option(channel.fd(), level, name, &value, sizeof value);
}

void widen_send_buffer(const engine::Channel& channel) {
  // The system may grant less (net.core.wmem_max), which is not a failure.
  set_flag(channel, SOL_SOCKET, SO_SNDBUF, kSendQueueBytes);
}

int get_flag(const engine::Channel& channel, int level, int name) {
  return number_option(channel.fd(), level, name);
}

bool is_connected_to_itself(const engine::Channel& channel) {
  SocketAddress local;
  SocketAddress peer;
  Engine& engine = Engine::current();
  if (engine.local_address(channel.fd(), local) < 0 || family_of(local) == AF_UNIX) return false;
  return engine.peer_address(channel.fd(), peer) == 0 && local == peer;
}

void prepare_stream(const engine::Channel& channel, Transport transport,
                    const SocketOptions& options) {
  set_buffer_sizes(channel, options);
  if (!has_port(transport)) return;
  // None of these is worth failing a connection for.
  set_flag(channel, IPPROTO_TCP, TCP_NODELAY, options.nodelay.value_or(true) ? 1 : 0);
  set_flag(channel, SOL_SOCKET, SO_KEEPALIVE);
  set_flag(channel, IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdleSeconds);
  set_flag(channel, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveIntervalSeconds);
  set_flag(channel, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
}

void set_buffer_sizes(const engine::Channel& channel, const SocketOptions& options) {
  if (const auto bytes = options.send_buffer_bytes) {
    set_flag(channel, SOL_SOCKET, SO_SNDBUF, static_cast<int>(*bytes));
  }
  if (const auto bytes = options.receive_buffer_bytes) {
    set_flag(channel, SOL_SOCKET, SO_RCVBUF, static_cast<int>(*bytes));
  }
}

Result<SocketAddress> source_of(const SocketOptions& options, std::string_view operation) {
  if (options.source.empty()) return SocketAddress();
  if (is_numeric_host(options.source)) {
    const auto addresses =
        engine::look_up(options.source, 0, native(SocketKind::stream), engine::LookupPurpose::bind);
    if (addresses && !addresses->empty()) return without_mapping(addresses->front());
  }
  return fail(make_error(
      ErrorKind::invalid_argument, operation, {},
      "the source '" + escape(as_bytes(options.source)) + "' is not a numeric IP address"));
}

int bind_source(const engine::Channel& channel, const SocketAddress& source) {
  if (source.is_empty()) return 0;
  // Without it, each call would block its port for all other calls, not only for those to the same
  // peer.
  set_flag(channel, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  return Engine::current().bind(channel.fd(), source);
}

Result<void> keep_callable(std::vector<SocketAddress>& addresses, const SocketAddress& source,
                           std::string_view operation, const Endpoint& endpoint) {
  if (source.is_empty()) return {};
  std::erase_if(addresses, [&](const SocketAddress& address) {
    return family_of(address) != family_of(source);
  });
  if (!addresses.empty()) return {};
  return fail(make_error(ErrorKind::invalid_argument, operation, endpoint.to_string(),
                         "the source address is of the other family of IP addresses",
                         "give an IPv4 source for an IPv4 endpoint, an IPv6 one for IPv6"));
}

Error source_error(int code, std::string_view operation, const SocketOptions& options,
                   const Endpoint& endpoint) {
  Error error = engine::operation_error(code, operation, endpoint.to_string());
  error.detail = "its source address " + options.source + " cannot be used";
  if (error.kind == ErrorKind::address_not_available) {
    error.kind = ErrorKind::invalid_argument;
    error.advice = "take an address of this machine, as 'ip address' lists them";
  }
  return error;
}

int call_datagrams(const SocketAddress& address, const SocketAddress& source,
                   const SocketOptions& options, std::unique_ptr<engine::Channel>& channel) {
  Engine& engine = Engine::current();
  for (int i = 0; i < kSelfConnectsMax; ++i) {
    const int fd = engine.open_socket(family_of(address), native(SocketKind::datagram));
    if (fd < 0) return fd;
    auto socket = std::make_unique<engine::Channel>(UniqueFd(fd));
    if (family_of(address) == AF_UNIX) engine.bind(fd, unix_autobind_address());
    set_buffer_sizes(*socket, options);
    if (const int bound = bind_source(*socket, source); bound < 0) return bound;
    engine::Connect connect(*socket, address);
    const int connected = engine.perform(connect, Deadline::never());
    if (connected < 0) return connected;
    if (is_connected_to_itself(*socket)) continue;
    channel = std::move(socket);
    return connected;
  }
  return -ECONNREFUSED;
}

Result<std::unique_ptr<engine::Channel>> inherit_socket(const Endpoint& endpoint, SocketKind kind,
                                                        bool is_listening) {
  const int type = number_option(endpoint.descriptor(), SOL_SOCKET, SO_TYPE);
  const auto refuse = [&](const char* why) { return refuse_inherited(endpoint, kind, why); };
  if (type < 0) {
    return fail(make_error(ErrorKind::invalid_argument, "use the inherited socket",
                           endpoint.to_string(), "there is no socket with that number",
                           "start the program with a socket open as descriptor " +
                               std::to_string(endpoint.descriptor()) +
                               ": a listening one for streams, a bound one for datagrams"));
  }
  if (type != native(kind)) {
    return refuse(kind == SocketKind::stream ? "it is not a stream socket"
                                             : "it is not a datagram socket");
  }
  if (is_listening && number_option(endpoint.descriptor(), SOL_SOCKET, SO_ACCEPTCONN) != 1) {
    return refuse("it does not listen");
  }
  if (!is_bound(endpoint.descriptor())) {
    return refuse("it is not bound to an address at which it can be called");
  }
  const int fd = Engine::current().duplicate(endpoint.descriptor());
  if (fd < 0) {
    return fail(engine::operation_error(fd, "use the inherited socket", endpoint.to_string()));
  }
  return std::make_unique<engine::Channel>(UniqueFd(fd));
}

Transport transport_of(const SocketAddress& address, SocketKind kind) {
  const AddressForm form =
      family_of(address) == AF_UNIX ? AddressForm::path : AddressForm::host_and_port;
  const auto rows = transport_rows();
  const auto row = std::ranges::find_if(
      rows, [&](const TransportRow& each) { return each.address == form && each.socket == kind; });
  return row->transport;
}

void advise_on_permission(Error& error, const Endpoint& endpoint) {
  if (error.kind != ErrorKind::permission_denied) return;
  error.advice =
      endpoint.is_unix_path()
          ? "this user needs the right to write to the path (see its mode and owner) and "
            "to enter each directory above it"
          : "ports below 1024 need privileges: is a higher one meant?";
}

Error name_endpoint(Error error, Literal operation, const Endpoint& endpoint) {
  if (!error.endpoint.empty()) return error;
  error.operation = operation;
  error.endpoint = endpoint.to_string();
  return error;
}

}  // namespace hotline::net
