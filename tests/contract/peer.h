#pragma once

#include <string>
#include <string_view>

#include "hotline/core/unique_fd.h"
#include "hotline/net/endpoint.h"

namespace contract {

/// A caller made of bare system calls, so that nothing of the library is on both sides. Every wait
/// is bounded by twenty seconds and fails the test then.
class Peer {
 public:
  /// Connects; datagram transports too.
  explicit Peer(const hotline::Endpoint& endpoint);

  /// Whether the server took the connection at all.
  static bool can_connect(const hotline::Endpoint& endpoint);

  void send(std::string_view bytes);

  /// As many as go without waiting; 0 if none do.
  std::size_t send_what_goes(std::string_view bytes);

  /// Exactly `size` bytes; fewer only if the stream ends first.
  std::string receive(std::size_t size);

  /// One datagram, or whatever one recv gives.
  std::string receive_some();

  /// Until the end; `was_reset` tells how that came.
  std::string receive_to_end();
  bool was_reset() const { return was_reset_; }

  /// Sends and receives the same amount.
  std::string exchange(std::string_view bytes);

  void end_writes();

  /// Closes with a reset.
  void reset();
  void close() { fd_.reset(); }

  /// As small as the kernel lets it be, so that little fits between the two sides.
  void shrink_receive_buffer();
  int fd() const { return fd_.get(); }

 private:
  hotline::UniqueFd fd_;
  bool was_reset_ = false;
};

/// What an upper-case server must answer.
std::string upper_cased(std::string_view text);

/// `size` bytes of every value, the same for the same seed.
std::string varied_bytes(std::size_t size, unsigned seed = 1);

}  // namespace contract
