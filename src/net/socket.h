#pragma once

#include <memory>
#include <vector>

#include "engine/channel.h"
#include "engine/name_lookup.h"
#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"

namespace hotline::net {

/// An open, unconnected socket for `address`. `socket_type` as in socket(2). The error's operation
/// is `operation`, a literal.
Result<std::unique_ptr<engine::Channel>> open_socket(const SocketAddress& address, int socket_type,
                                                     std::string_view operation,
                                                     const Endpoint& endpoint);

/// Returns the addresses of `endpoint`, best first; a mapped one, `::ffff:127.0.0.1`, as IPv4.
/// Looks a name up: suspends the fiber.
Result<std::vector<SocketAddress>> resolve(const Endpoint& endpoint, engine::LookupPurpose purpose);

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

/// What a fresh stream socket of that transport gets, whichever side made it: no delay, keepalive.
void prepare_stream(const engine::Channel& channel, Transport transport);

/// The socket that `fd:N` names: a duplicate, checked to be of `socket_type`, bound and, if
/// `is_listening`, to accept connections. Still in the mode that its other holders gave it: see
/// InheritedMode.
Result<std::unique_ptr<engine::Channel>> inherit_socket(const Endpoint& endpoint, int socket_type,
                                                        bool is_listening);

/// The transport of an inherited socket, by its address family and type.
Transport transport_of(const SocketAddress& address, int socket_type);

}  // namespace hotline::net
