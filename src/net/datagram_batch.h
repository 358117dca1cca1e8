#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"
#include "net/datagram_train.h"
#include "net/kernel_times.h"
#include "net/route_control.h"

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
  ReceiveBatch(std::size_t count, std::size_t datagram_bytes_max, PacketInfo packet_info,
               TimestampUse times = TimestampUse::none);

  /// Returns empty descriptions for the kernel to fill.
  std::span<mmsghdr> prepare(std::size_t count_max);

  /// Returns the first `count`, which the kernel has filled. Valid until the next prepare().
  std::span<const Datagram> take(std::size_t count);

  std::size_t size() const { return headers_.size(); }

 private:
  /// A control buffer that also has room for a time. Without times the kernel writes directly into
  /// the route, which needs no copy.
  struct TimedControl {
    alignas(cmsghdr) std::byte bytes[kTimedControlBytes];
  };

  void describe(std::size_t index);
  void read_timed_control(std::size_t index);

  std::size_t bytes_max_;
  std::size_t control_bytes_;
  std::size_t stride_;
  std::size_t dirty_;
  std::unique_ptr<std::byte[]> memory_;
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
  std::vector<TimedControl> timed_controls_;  ///< Empty if no times are noted.
  std::vector<DatagramRoute> routes_;
  std::vector<Datagram> datagrams_;
};

/// The kernel's descriptions for sending many datagrams at a time.
class SendBatch {
 public:
  explicit SendBatch(std::size_t count)
      : pieces_(count), headers_(count), lengths_(count), controls_(count) {}

  /// From now on, asks for the times of the datagrams that want one, or no longer does.
  void note_times(TimestampUse use) { times_ = use; }

  /// Describes the first of `datagrams`, as many as fit: trains by one description each, if they
  /// are possible.
  std::span<mmsghdr> prepare(std::span<const OutgoingDatagram> datagrams,
                             Trains trains = Trains::none);

  /// Returns how many datagrams the first `count` descriptions stand for.
  std::size_t datagrams_in(std::size_t count) const;

 private:
  /// The control data of a route, and one request besides.
  struct Control {
    alignas(cmsghdr) std::byte
        bytes[RouteControl::kBytesMax + std::max(kSentTimeRequestBytes, kTrainRequestBytes)];
  };

  void describe(std::size_t index, std::span<iovec> pieces, const OutgoingDatagram& first);
  std::byte* make_room(std::size_t index, std::size_t size);

  TimestampUse times_ = TimestampUse::none;
  std::vector<iovec> pieces_;
  std::vector<mmsghdr> headers_;
  std::vector<std::size_t> lengths_;  ///< The datagrams that each description stands for.
  std::vector<Control> controls_;
};

/// Turns the address information that came with a datagram into what a reply must carry to be sent
/// from the address that was called: ip(7), ipv6(7). Drops all other control data.
void reverse_packet_info(DatagramRoute& route);

/// The same for one control message that lies elsewhere. Returns false, and leaves `route` as it
/// is, if it is something else.
bool reverse_packet_info(const cmsghdr& control, DatagramRoute& route);

}  // namespace hotline::net
