#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/channel.h"
#include "hotline/core/socket_address.h"

namespace hotline::net {

/// Sends datagrams from one UNIX socket to many peers, never waits, and lets no peer that does not
/// read hold up the others. By the kernel's rules (unix(7)), what peers have not read fills the
/// buffer of the socket that sent it. So while that is half full, datagrams go from a spare socket
/// without a name, which is replaced when it is full: they stay with their readers. A peer that has
/// connected takes datagrams from the named socket alone; while it is half full, each of those gets
/// a share of the rest.
class UnixSender {
 public:
  /// `named` outlives this.
  explicit UnixSender(engine::Channel& named) : named_(named) {}

  /// Sends the first of `messages`, each to its own address: how many, or what became of the first:
  /// -kDeadlineEnd if there was no room for it, else a negated errno.
  int send(std::span<mmsghdr> messages);

  /// As DatagramSocket::leave_loop.
  void leave_loop();

 private:
  /// A peer that has connected, while the named socket is half full.
  struct Holder {
    SocketAddress peer;
    std::size_t used = 0;         ///< Bytes that it was sent and may not have read.
    std::size_t before = 0;       ///< Bytes in the buffer before those.
    std::size_t before_last = 0;  ///< Bytes in the buffer before the last datagram to it.
  };

  void look();
  std::span<mmsghdr> first_part(std::span<mmsghdr> messages) const;
  int send_by_spare(std::span<mmsghdr> messages);
  int send_its_share(std::span<mmsghdr> message);
  Holder& holder_of(const SocketAddress& peer);

  engine::Channel& named_;
  std::unique_ptr<engine::Channel> spare_;
  bool is_half_full_ = false;
  std::size_t buffered_ = 0;      ///< Bytes in the buffer at the last look.
  std::size_t buffer_bytes_ = 0;  ///< Size of the buffer at the last look; 0: none yet.
  std::size_t sent_since_ = 0;    ///< Lower bound of the bytes sent since the last look.
  std::vector<Holder> holders_;
};

}  // namespace hotline::net
