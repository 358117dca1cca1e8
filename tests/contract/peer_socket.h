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

/// A caller's socket, and the calls on it. Results are counts or negated errnos, as of the system
/// calls: -EAGAIN if that would have to wait longer than it may.
class PeerSocket {
 public:
  PeerSocket() = default;
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;
  virtual ~PeerSocket() = default;

  virtual int send(std::string_view bytes, Patience patience) = 0;
  virtual int receive(std::span<char> into, Patience patience) = 0;

  /// Whether there is something to receive.
  virtual bool is_readable() = 0;
  virtual int end_writes() = 0;

  /// From now on closing resets.
  virtual void close_with_reset() = 0;
};

/// A connected socket, or the errno.
using PeerSocketOrError = std::expected<std::unique_ptr<PeerSocket>, int>;

/// By bare system calls.
PeerSocketOrError connect_over_system(const hotline::Endpoint& endpoint);

/// By bare operations, in the world that stands.
PeerSocketOrError connect_on_stage(const hotline::Endpoint& endpoint);

/// The address that `endpoint`, which is numeric, stands for.
hotline::SocketAddress address_of(const hotline::Endpoint& endpoint);

}  // namespace contract
