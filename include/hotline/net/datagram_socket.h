#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/core/socket_address.h"
#include "hotline/net/endpoint.h"
#include "hotline/net/socket_options.h"
#include "hotline/net/traffic_tap.h"

// Outside of what is exported.
namespace hotline::net {
struct DatagramAccess;
struct RouteControl;
}  // namespace hotline::net

namespace hotline HOTLINE_PUBLIC {

/// The sender of a datagram, and the local address at which the datagram arrived. A reply that is
/// sent with this route goes to that sender, from that local address. A value.
class DatagramRoute {
 public:
  SocketAddress peer{};

  /// Returns the port of the peer, or 0 for a UNIX peer. Allocates nothing.
  std::uint16_t port() const;

 private:
  friend struct net::RouteControl;

  alignas(8) std::array<std::byte, 40> control_{};
  std::uint8_t control_size_ = 0;
};

/// One datagram received. Its bytes are a lease: writable, valid until the next receive on that
/// socket.
struct Datagram {
  MutableBytes bytes{};  ///< May be empty, which is valid for a datagram.
  bool is_truncated =
      false;  ///< The datagram was longer than the socket's `datagram_bytes_max`; the rest is lost.
  const DatagramRoute* route = nullptr;  ///< Set by every receive.

  /// When it arrived, by the wall clock of the kernel. Empty unless the socket notes times. The
  /// first few after note_times() may have none, or the time at which they were received.
  std::optional<std::chrono::system_clock::time_point> received_at{};
};

/// Which times the kernel notes for the datagrams of a socket.
enum class TimestampUse : std::uint8_t {
  none,
  received,           ///< When each datagram arrived.
  received_and_sent,  ///< Also when each left for which OutgoingDatagram::sent_time asks.
};

/// Whether the kernel notes when one datagram is sent.
enum class SentTime : std::uint8_t { unwanted, wanted };

/// One datagram to send. The caller keeps the bytes and the route.
struct OutgoingDatagram {
  Bytes bytes{};
  const DatagramRoute* route = nullptr;  ///< Null on a connected socket.

  /// Has no effect unless the socket notes sent times.
  SentTime sent_time = SentTime::unwanted;
};

/// A datagram that has been sent.
struct SentDatagram {
  /// The packet as the kernel handed it to the network device. It ends with the bytes of the
  /// datagram; the headers of link, IP and UDP may precede them.
  Bytes bytes{};
  std::chrono::system_clock::time_point sent_at{};  ///< By the wall clock of the kernel.
};

/// How to open a datagram socket.
struct DatagramOptions {
  SocketOptions socket{};
  /// With less than 65,535, the kernel hands over each UDP datagram by itself: receiving those that
  /// one peer has sent in a row together takes room for all of them.
  std::size_t datagram_bytes_max = 65535;
  std::size_t batch_max = 64;  ///< Datagrams that one call receives or sends at once.
  Duration connect_timeout = std::chrono::seconds(30);  ///< Covers the look-up of the name.
  Duration send_timeout =
      std::chrono::seconds(30);  ///< How long a send waits for room in the socket's buffer.
  TrafficTap* tap = nullptr;
};

/// Messages that keep their boundaries and may be lost: UDP and UNIX datagrams. Calls that wait
/// suspend the fiber. One fiber may receive while others send. Move only; the destructor closes the
/// socket.
class DatagramSocket {
 public:
  DatagramSocket(DatagramSocket&&) noexcept;
  DatagramSocket& operator=(DatagramSocket&&) noexcept;
  ~DatagramSocket();

  /// Returns false if it was moved from.
  explicit operator bool() const { return state_ != nullptr; }

  /// Receives the datagrams that have arrived, at least one and at most `batch_max`. The span and
  /// everything in it are valid until the next receive. On a connected socket, fails with `refused`
  /// if the peer's machine reports that no socket is bound there.
  Result<std::span<const Datagram>> receive_batch(Deadline deadline = Deadline::never());

  /// Receives one datagram.
  Result<Datagram> receive(Deadline deadline = Deadline::never());

  /// Returns true if the kernel has handed over datagrams that no receive has returned yet. The
  /// next receive returns them without a wait, unless a cut reaches the fiber; close() drops them.
  bool has_unread() const;

  /// Sends one datagram, whole or not at all. Fails with `permission_denied` if the route leads to
  /// a relative UNIX path: the caller chose it in its own directory, and here it could name a
  /// socket that the caller may not write to.
  Result<void> send(OutgoingDatagram datagram);

  /// Sends all of `datagrams`, those with one route in order. Returns how many the kernel has
  /// taken. A datagram that cannot be delivered (no such peer, its queue full, a relative UNIX
  /// path) is dropped and not counted, and the others go on.
  Result<std::size_t> send_batch(std::span<const OutgoingDatagram> datagrams);

  /// Has the kernel note these times from now on. Fails with `unsupported` if the kernel or the
  /// transport does not: sent times exist for UDP only. What the last receive returned becomes
  /// invalid. Call it while no fiber receives from or sends to this socket, and before the first
  /// receive: later on, UDP datagrams that one peer has sent in a row may have one time of arrival.
  Result<void> note_times(TimestampUse use);

  /// Returns the datagrams with SentTime::wanted that have been sent since the last call, in the
  /// order of sending as far as the device keeps it. Does not wait: a time may be there when send()
  /// returns, may come later, and is lost if the kernel has no room for it, if the datagram was
  /// longer than `datagram_bytes_max`, or if it had to be sent in fragments. At most `batch_max`
  /// datagrams; if more than that are not taken, the oldest are dropped. Sockets over one
  /// descriptor (see share()) have one queue: either of them may take what the other has sent.
  /// Valid until the next call.
  Result<std::span<const SentDatagram>> take_sent();

  /// Returns how many datagrams the kernel has dropped because this socket's queue was full, since
  /// the socket was opened, modulo 2^32. Unless the socket notes times, datagrams that the kernel
  /// had put together count as one. One system call.
  Result<std::uint32_t> lost_datagrams() const;

  /// Returns the address that it is bound to, or connected to.
  const Endpoint& endpoint() const;

  /// Returns true if the source address of the datagram with `route` is this socket's own address,
  /// or, if the socket is bound to every address, its port on this machine. A reply would come back
  /// to this socket without end. Allocates nothing.
  bool is_own(const DatagramRoute& route) const;

  /// Returns true if this socket receives what is sent to its port at that IPv4 address, whose
  /// first byte is at the top of `address`: 0x7F000001 is 127.0.0.1. Always false on a connected
  /// socket.
  bool has_ipv4(std::uint32_t address) const;

  /// Returns the peer of `route`, for messages and logs.
  Endpoint peer_of(const DatagramRoute& route) const;

  /// Returns a second socket object over the same descriptor, with buffers of its own. It notes the
  /// same times. Unless this one has received before, the kernel hands over each datagram by
  /// itself.
  Result<DatagramSocket> share() const;

  /// Returns a second socket at the same UDP port, for another loop; see Listener::share_port. It
  /// notes the same times.
  Result<DatagramSocket> share_port() const;

  /// Has the kernel give all datagrams of one source address, from whatever port, to the same one
  /// of the `count` sockets at this port: this one and those that share_port() has made of it. Call
  /// it once, on one of them, when all exist. It holds for datagrams that arrive from then on, as
  /// long as none of the sockets is closed. Fails with `unsupported` if the transport is not UDP or
  /// the kernel cannot do it.
  Result<void> steer_by_source(std::size_t count);

  /// Returns the descriptor, for features that this library does not offer, or -1 after close. The
  /// socket keeps the descriptor. Do not receive from it: UDP_GRO is on, see udp(7). Do not wait on
  /// it while has_unread(): it may stay silent.
  int descriptor() const;

  /// Detaches the socket from its loop, for use on another thread; see Stream::leave_loop.
  void leave_loop();

  /// Closes the socket. From then on a receive fails at once. What the last one returned stays
  /// valid.
  void close();

 private:
  friend Result<DatagramSocket> bind_datagrams(const Endpoint&, const DatagramOptions&);
  friend Result<DatagramSocket> connect_datagrams(const Endpoint&, const DatagramOptions&);
  friend struct net::DatagramAccess;
  struct State;
  explicit DatagramSocket(std::unique_ptr<State> state);
  std::shared_ptr<void> keep_batch();
  void forbid_coalescing();
  std::size_t drop_unread();
  Result<DatagramSocket> with_my_times(std::unique_ptr<State> state) const;

  std::unique_ptr<State> state_;
};

/// Returns a socket bound to `endpoint`, for a server. Fails as listen() does. A UNIX peer that
/// does not read loses datagrams and does not delay others. For that, replies to other peers may be
/// sent from a second socket without a name, because the kernel counts unread datagrams against the
/// socket that sent them.
Result<DatagramSocket> bind_datagrams(const Endpoint& endpoint,
                                      const DatagramOptions& options = {});

/// Same as above, for a URI. Its options override those of `options.socket`, and must all be known.
Result<DatagramSocket> bind_datagrams(std::string_view uri, DatagramOptions options = {});

/// Returns a socket that exchanges datagrams only with `endpoint`, for a client. If a name has
/// several addresses, it uses the first that answers. Until one has answered: if an address
/// refuses, the last datagram is sent again to the next address; after a receive that timed out,
/// the next send() goes to the next address. A UNIX socket binds itself to an abstract name that
/// the kernel chooses, so that it can be answered.
Result<DatagramSocket> connect_datagrams(const Endpoint& endpoint,
                                         const DatagramOptions& options = {});

/// Same as above, for a URI, as with bind_datagrams.
Result<DatagramSocket> connect_datagrams(std::string_view uri, DatagramOptions options = {});

}  // namespace hotline
