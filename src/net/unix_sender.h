#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/channel.h"
#include "hotline/core/socket_address.h"

namespace hotline::net {

/// Sends datagrams from one UNIX socket to many peers without waiting, so that a peer that does not
/// read does not delay the others. By the kernel's rules (unix(7)), what peers have not read fills
/// the buffer of the socket that sent it. While that is half full, datagrams are sent from a spare
/// socket without a name, which is replaced when it is full; those that were sent stay with their
/// readers. A peer that has connected its socket accepts datagrams only from the named socket;
/// while that is half full, each such peer gets a share of the rest.
class UnixSender {
 public:
  /// `named` must outlive this object.
  explicit UnixSender(engine::Channel& named) : named_(named) {}

  /// Sends the first of `messages`, each to its own address. Returns how many were sent, or the
  /// result of the first: -kDeadlineEnd if there was no room for it, otherwise a negated errno.
  int send(std::span<mmsghdr> messages);

  /// See DatagramSocket::leave_loop().
  void leave_loop();

 private:
  /// A peer that has connected its socket, while the named socket is half full.
  struct Holder {
    SocketAddress peer;
    std::size_t used = 0;    ///< Bytes that were sent to it and that it may not have read.
    std::size_t before = 0;  ///< Bytes that were in the buffer before `used`.
    std::size_t before_last =
        0;  ///< Bytes that were in the buffer before the last datagram to this peer.
  };

  void look();
  std::span<mmsghdr> first_part(std::span<mmsghdr> messages) const;
  int send_by_spare(std::span<mmsghdr> messages);
  int send_its_share(std::span<mmsghdr> message);
  Holder& holder_of(const SocketAddress& peer);

  engine::Channel& named_;
  std::unique_ptr<engine::Channel> spare_;
  bool is_half_full_ = false;
  std::size_t buffered_ = 0;      ///< Bytes in the buffer at the last check.
  std::size_t buffer_bytes_ = 0;  ///< Size of the buffer at the last check; 0: none yet.
  std::size_t sent_since_ = 0;    ///< Lower bound of the bytes sent since the last check.
  std::vector<Holder> holders_;
};

}  // namespace hotline::net
