#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "contract/peer_socket.h"
#include "hotline/net/endpoint.h"

namespace contract {

/// A caller made of bare system calls, so that nothing of the library is on both sides; on a
/// simulated row, of bare operations. Every wait is bounded by twenty seconds and fails the test
/// then.
class Peer {
 public:
  /// Connects; datagram transports too.
  explicit Peer(const hotline::Endpoint& endpoint);

  /// A peer, or null if the server has reset the connection already.
  static std::unique_ptr<Peer> unless_reset(const hotline::Endpoint& endpoint);

  /// Whether the server took the connection at all.
  static bool can_connect(const hotline::Endpoint& endpoint);

  void send(std::string_view bytes);

  /// As many as go without waiting; 0 if none do.
  std::size_t send_what_goes(std::string_view bytes);

  /// Exactly `size` bytes; fewer only if the stream ends first.
  std::string receive(std::size_t size);

  /// One datagram, or whatever one recv gives.
  std::string receive_some();

  /// One byte if there is one, empty at the end or after a reset; none if it would have to wait.
  std::optional<std::string> receive_what_came();

  /// Whether receive_what_came would give something.
  bool is_readable() { return socket_->is_readable(); }

  /// Until the end; `was_reset` tells how that came.
  std::string receive_to_end();
  bool was_reset() const { return was_reset_; }

  /// Sends and receives the same amount.
  std::string exchange(std::string_view bytes);

  void end_writes();

  /// Closes with a reset.
  void reset();
  void close() { socket_.reset(); }

 private:
  explicit Peer(std::unique_ptr<PeerSocket> socket) : socket_(std::move(socket)) {}

  std::unique_ptr<PeerSocket> socket_;
  bool was_reset_ = false;
};

/// What an upper-case server must answer.
std::string upper_cased(std::string_view text);

/// `size` bytes of every value, the same for the same seed.
std::string varied_bytes(std::size_t size, unsigned seed = 1);

}  // namespace contract
