#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"
#include "net/coalesced.h"
#include "net/kernel_times.h"

namespace hotline::net {

/// Whether the kernel reports the address that each datagram was sent to. If not, only bytes are
/// received: descriptors that a UNIX peer passes never arrive here.
enum class PacketInfo : std::uint8_t {
  none,
  wanted,
  both,  ///< In the form of IPv6, and of IPv4 for what came by that.
};

/// Asks the kernel for the address that each datagram was sent to, if the socket is bound to every
/// address: a reply must leave from the address that was called.
PacketInfo ask_for_packet_info(const engine::Channel& channel, const SocketAddress& bound);

/// The memory and the kernel's descriptions for receiving many datagrams at a time, and what has
/// been received and not been taken yet. Memory is touched only as far as datagrams fill it.
class ReceiveBatch {
 public:
  ReceiveBatch(std::size_t count, std::size_t datagram_bytes_max, PacketInfo packet_info,
               TimestampUse times = TimestampUse::none, Coalescing coalescing = Coalescing::none);

  /// Returns empty descriptions for the kernel to fill: at most `count_max`, and fewer if as many
  /// as the last time would bring more than stays in a processor's cache. Call it when everything
  /// has been taken.
  std::span<mmsghdr> prepare(std::size_t count_max);

  /// Takes note that the kernel has filled the first `count`. What it has put together is cut.
  void fill(std::size_t count);

  /// Returns true if datagrams have been received that were not taken.
  bool has_more() const { return taken_ < datagrams_.size(); }

  /// Returns the next datagrams, at most `count_max`. Valid until the next prepare().
  std::span<const Datagram> take(std::size_t count_max);

  /// Drops what has not been taken, and returns how many those are. What was taken stays valid.
  std::size_t drop_rest();

  /// Prepares no more from now on than `previous` would, whose place this batch takes.
  void succeed(const ReceiveBatch& previous) { limit_ = std::min(size(), previous.limit_); }

  std::size_t size() const { return headers_.size(); }

 private:
  /// A control buffer for everything that the kernel may say of a datagram. If it says only where
  /// that was sent to, it writes directly into the route, which needs no copy.
  struct Control {
    static constexpr std::size_t kIpv4Bytes = CMSG_SPACE(sizeof(in_pktinfo));
    alignas(cmsghdr) std::byte bytes[kTimedControlBytes + kSegmentBytesControl + kIpv4Bytes];
  };

  void describe(std::size_t index);
  std::size_t read_control(std::size_t index, Datagram& datagram);
  void limit_next(std::size_t count);

  std::size_t bytes_max_;
  std::size_t control_bytes_;
  std::size_t stride_;
  std::size_t dirty_;
  std::size_t limit_;  ///< How many datagrams to receive at a time.
  std::size_t taken_ = 0;
  std::unique_ptr<std::byte[]> memory_;
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
  std::unique_ptr<Control[]> controls_;  ///< Null if the routes are enough.
  std::vector<DatagramRoute> routes_;
  std::vector<Datagram> datagrams_;
};

/// Turns the address information that came with a datagram into what a reply must carry to be sent
/// from the address that was called: ip(7), ipv6(7). Drops all other control data.
void reverse_packet_info(DatagramRoute& route);

/// The same for one control message that lies elsewhere. Returns false, and leaves `route` as it
/// is, if it is something else.
bool reverse_packet_info(const cmsghdr& control, DatagramRoute& route);

}  // namespace hotline::net
