#pragma once

#include <memory>
#include <vector>

#include "engine/channel.h"
#include "engine/name_lookup.h"
#include "hotline/core/literal.h"
#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"
#include "hotline/net/socket_options.h"
#include "net/socket_kind.h"

namespace hotline::net {

/// An open, unconnected socket for `address`. The error's operation
/// is `operation`, a literal.
Result<std::unique_ptr<engine::Channel>> open_socket(const SocketAddress& address, SocketKind kind,
                                                     std::string_view operation,
                                                     const Endpoint& endpoint);

/// Returns the addresses of `endpoint`, best first; a mapped one, `::ffff:127.0.0.1`, as IPv4.
/// Looks a name up: suspends the fiber.
Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint, engine::LookupPurpose purpose);

/// Checks that `endpoint` can be called: port 0 is only for listening. Fails with
/// `invalid_argument`; the error's operation is `operation`, a literal.
Result<void> check_port(const Endpoint& endpoint, Literal operation);

/// Sets a numeric flag, such as SO_KEEPALIVE. Returns 0 or a negated errno.
int set_flag(const engine::Channel& channel, int level, int name, int value = 1);

/// Sets the send buffer of a datagram socket to the largest size that the system grants.
void widen_send_buffer(const engine::Channel& channel);

/// Returns the value of such a flag, or a negated errno.
int get_flag(const engine::Channel& channel, int level, int name);

/// How often one attempt to connect may end in this way, see is_connected_to_itself(), before it
/// counts as refused.
inline constexpr int kSelfConnectsMax = 3;

/// Returns true if the kernel has connected a TCP or UDP socket to itself: no socket was bound to
/// the port, and this one was given it as its own.
bool is_connected_to_itself(const engine::Channel& channel);

/// Opens a datagram socket that calls `address` from `source`, in `channel`. Returns a negated
/// errno if it cannot.
int call_datagrams(const SocketAddress& address, const SocketAddress& source,
                   const SocketOptions& options, std::unique_ptr<engine::Channel>& channel);

/// Sets up a fresh stream socket of that transport, whichever side made it: no delay, unless
/// `options` says so, keepalive, and the sizes of its buffers.
void prepare_stream(const engine::Channel& channel, Transport transport,
                    const SocketOptions& options);

/// Sets the sizes of the buffers that `options` gives.
void set_buffer_sizes(const engine::Channel& channel, const SocketOptions& options);

/// Returns the address that a client of `endpoint` calls from, or an empty one if `options` gives
/// none.
Result<SocketAddress> source_of(const SocketOptions& options, std::string_view operation);

/// Binds a client's socket to `source`, unless that is empty: 0 or a negated errno. The port is
/// chosen at the connect.
int bind_source(const engine::Channel& channel, const SocketAddress& source);

/// Returns the error for a `source` of the options that cannot be used to reach `endpoint`:
/// `invalid_argument` if no interface has it. (Without a `source`, the same code of the kernel is a
/// shortage of ports, which passes.)
Error source_error(int code, std::string_view operation, const SocketOptions& options,
                   const Endpoint& endpoint);

/// Removes the addresses that cannot be called from `source`. Fails with `invalid_argument` if
/// none is left.
Result<void> keep_callable(std::vector<SocketAddress>& addresses, const SocketAddress& source,
                           std::string_view operation, const Endpoint& endpoint);

/// The socket that `fd:N` names: a duplicate, checked to be of `kind`, bound and, if
/// `is_listening`, to accept connections. Still in the mode that its other holders gave it: see
/// InheritedMode.
Result<std::unique_ptr<engine::Channel>> inherit_socket(const Endpoint& endpoint, SocketKind kind,
                                                        bool is_listening);

/// The transport of an inherited socket, by its address family and type.
Transport transport_of(const SocketAddress& address, SocketKind kind);

/// Adds to an error of kind `permission_denied` which right is missing at `endpoint`: to a path, or
/// to a port. Leaves other errors alone.
void advise_on_permission(Error& error, const Endpoint& endpoint);

/// Returns `error`, with `operation` and `endpoint` if it names neither a file nor an endpoint.
Error name_endpoint(Error error, Literal operation, const Endpoint& endpoint);

}  // namespace hotline::net
