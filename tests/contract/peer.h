#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "contract/peer_socket.h"
#include "hotline/net/endpoint.h"

namespace contract {

/// A caller that uses only system calls, so that the library is on one side only; on a simulated
/// row it uses only operations. Over `tls://` it uses OpenSSL besides. Every wait gives up after
/// twenty seconds and fails the test.
class Peer {
 public:
  /// Connects, also with a datagram transport.
  explicit Peer(const hotline::Endpoint& endpoint);

  explicit Peer(std::unique_ptr<PeerSocket> socket) : socket_(std::move(socket)) {}

  /// Returns a peer, or null if the server has reset the connection already.
  static std::unique_ptr<Peer> unless_reset(const hotline::Endpoint& endpoint);

  /// Returns true if the server accepted the connection at all.
  static bool can_connect(const hotline::Endpoint& endpoint);

  /// Required before one thread sends while another receives: over TLS it completes the handshake.
  void establish() { REQUIRE(socket_->establish() == 0); }

  void send(std::string_view bytes);

  /// Sends as many bytes as possible without waiting. Returns how many, 0 if none.
  std::size_t send_what_goes(std::string_view bytes);

  /// Sends to a server that may accept this caller only later: over TLS the bytes follow during the
  /// next receive.
  void send_early(std::string_view bytes);

  /// Receives exactly `size` bytes; fewer only if the stream ends first.
  std::string receive(std::size_t size);

  /// Receives one datagram, or what one recv returns.
  std::string receive_some();

  /// Returns one byte if it has arrived, an empty string at the end or after a reset, and nullopt
  /// if it would have to wait.
  std::optional<std::string> receive_what_came();

  /// Returns true if receive_what_came() would return something.
  bool is_readable() { return socket_->is_readable(); }

  /// Receives until the end; `was_reset` says how that came.
  std::string receive_to_end();
  bool was_reset() const { return was_reset_; }

  /// Sends and receives the same number of bytes.
  std::string exchange(std::string_view bytes);

  void end_writes();

  /// Closes with a reset.
  void reset();
  void close() { socket_.reset(); }

 private:
  std::unique_ptr<PeerSocket> socket_;
  bool was_reset_ = false;
};

/// Returns what an upper-case server must answer.
std::string upper_cased(std::string_view text);

/// Returns `size` bytes of every value, the same for the same seed.
std::string varied_bytes(std::size_t size, unsigned seed = 1);

}  // namespace contract
