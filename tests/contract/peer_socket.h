#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string_view>

#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"

namespace contract {

/// How long a call may wait: not at all, or twenty seconds.
enum class Patience : std::uint8_t { none, some };

/// A caller's socket, and the calls on it. Results are counts or negated errnos, as for the system
/// calls: -EAGAIN if the call would have to wait longer than it may.
class PeerSocket {
 public:
  PeerSocket() = default;
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;
  virtual ~PeerSocket() = default;

  virtual int send(std::string_view bytes, Patience patience) = 0;
  virtual int receive(std::span<char> into, Patience patience) = 0;

  /// Returns true if there is something to receive.
  virtual bool is_readable() = 0;
  virtual int end_writes() = 0;

  /// Makes the close reset the connection.
  virtual void close_with_reset() = 0;
};

/// A connected socket, or the errno.
using PeerSocketOrError = std::expected<std::unique_ptr<PeerSocket>, int>;

/// Connects with system calls.
PeerSocketOrError connect_over_system(const hotline::Endpoint& endpoint);

/// Connects with operations, in the current world.
PeerSocketOrError connect_on_stage(const hotline::Endpoint& endpoint);

/// Returns the address of `endpoint`, which must be numeric.
hotline::SocketAddress address_of(const hotline::Endpoint& endpoint);

}  // namespace contract
