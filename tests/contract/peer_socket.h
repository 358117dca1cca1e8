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

  /// Completes the handshake, if there is one. Required before one thread sends while another
  /// receives.
  virtual int establish() { return 0; }

  virtual int send(std::string_view bytes, Patience patience) = 0;
  virtual int receive(std::span<char> into, Patience patience) = 0;

  /// Returns true if there is something to receive.
  virtual bool is_readable() = 0;
  virtual int end_writes() = 0;

  /// Sends all of `bytes` to a server that has not accepted the connection yet. Over TLS they wait
  /// here for the handshake, which the calls above continue.
  virtual int send_early(std::string_view bytes) { return send(bytes, Patience::some); }

  /// Makes the close reset the connection.
  virtual void close_with_reset() = 0;
};

/// A connected socket, or the errno.
using PeerSocketOrError = std::expected<std::unique_ptr<PeerSocket>, int>;

/// Connects with system calls.
PeerSocketOrError connect_over_system(const hotline::Endpoint& endpoint);

/// Connects with operations, in the current world.
PeerSocketOrError connect_on_stage(const hotline::Endpoint& endpoint);

/// The name of the key that callers over TLS have.
inline constexpr std::string_view kTlsName = "alice";

/// Returns a client of TLS over `socket`. Its handshake begins at once and goes on in later calls.
/// Results besides those of `socket`: -EPROTO if TLS fails, and for an end without the end of TLS.
std::unique_ptr<PeerSocket> over_tls(std::unique_ptr<PeerSocket> socket,
                                     std::string_view name = kTlsName);

/// Connects as the row does, and does not begin TLS.
PeerSocketOrError connect_without_tls(const hotline::Endpoint& endpoint);

/// Returns the address of `endpoint`, which must be numeric.
hotline::SocketAddress address_of(const hotline::Endpoint& endpoint);

}  // namespace contract
