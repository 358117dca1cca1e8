#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <memory>
#include <span>
#include <vector>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// Whether the kernel reports the address that each datagram was sent to. If not, only bytes are
/// received: descriptors that a UNIX peer passes never arrive here.
enum class PacketInfo : bool { none, wanted };

/// Asks the kernel for the address that each datagram was sent to, if the socket is bound to every
/// address: a reply must leave from the address that was called.
PacketInfo ask_for_packet_info(const engine::Channel& channel, const SocketAddress& bound);

/// The memory and the kernel's descriptions for receiving many datagrams at a time. Memory is
/// touched only as far as datagrams fill it.
class ReceiveBatch {
 public:
  ReceiveBatch(std::size_t count, std::size_t datagram_bytes_max, PacketInfo packet_info);

  /// Returns empty descriptions for the kernel to fill.
  std::span<mmsghdr> prepare(std::size_t count_max);

  /// Returns the first `count`, which the kernel has filled. Valid until the next prepare().
  std::span<const Datagram> take(std::size_t count);

  std::size_t size() const { return headers_.size(); }

 private:
  void describe(std::size_t index);

  std::size_t bytes_max_;
  std::size_t control_bytes_;
  std::size_t stride_;
  std::size_t dirty_;
  std::unique_ptr<std::byte[]> memory_;
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
  std::vector<DatagramRoute> routes_;
  std::vector<Datagram> datagrams_;
};

/// The kernel's descriptions for sending many datagrams at a time.
class SendBatch {
 public:
  explicit SendBatch(std::size_t count) : pieces_(count), headers_(count) {}

  /// Describes the first of `datagrams`, as many as fit.
  std::span<mmsghdr> prepare(std::span<const OutgoingDatagram> datagrams);

 private:
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
};

/// Turns the address information that came with a datagram into what a reply must carry to be sent
/// from the address that was called: ip(7), ipv6(7). Drops all other control data.
void reverse_packet_info(DatagramRoute& route);

}  // namespace hotline::net
