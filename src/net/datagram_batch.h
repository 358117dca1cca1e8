#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <memory>
#include <span>
#include <vector>

#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// Whether the kernel is asked for the address that each datagram was sent to. Where it is not,
/// nothing but bytes is received: descriptors that a UNIX peer passes along never get here.
enum class PacketInfo : bool { none, wanted };

/// The memory and the kernel's descriptions for receiving datagrams many at a time. Memory is
/// touched only as far as datagrams fill it.
class ReceiveBatch {
 public:
  ReceiveBatch(std::size_t count, std::size_t datagram_bytes_max, PacketInfo packet_info);

  /// Everything empty again, for the kernel to fill.
  std::span<mmsghdr> prepare(std::size_t count_max);

  /// What the kernel filled, the first `count`. Valid until the next prepare.
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

/// The kernel's descriptions for sending datagrams many at a time.
class SendBatch {
 public:
  explicit SendBatch(std::size_t count) : pieces_(count), headers_(count) {}

  /// Describes the first of `datagrams`, as many as fit.
  std::span<mmsghdr> prepare(std::span<const OutgoingDatagram> datagrams);

 private:
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
};

/// Turns the address information that came with a datagram into what a reply must carry to leave
/// from the address that was asked: ip(7), ipv6(7). Drops whatever else came with it.
void reverse_packet_info(DatagramRoute& route);

}  // namespace hotline::net
