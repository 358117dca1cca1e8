#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"

// A train: datagrams of one size for one peer, of which the last may be shorter, which one send
// hands to the kernel as a whole. The kernel, or the network device, cuts it: UDP_SEGMENT of
// udp(7).

namespace hotline::net {

/// Which datagrams may leave together.
struct Trains {
  std::size_t datagram_bytes_max = 0;  ///< Longer ones travel alone; with 0 each does.

  /// What routes of every kind carry.
  static const Trains possible;

  friend bool operator==(const Trains&, const Trains&) = default;
};

// Each datagram must fit into a packet of the route, and every route of IPv6 takes this size.
inline constexpr Trains Trains::possible{1200};

/// Returns whether the kernel takes trains from this socket. The device may refuse them later.
Trains ask_for_trains(const engine::Channel& channel);

/// Returns how many of `datagrams`, from the first on, make up a train, or 1 if the first travels
/// alone. `datagrams` must not be empty, and must have the same route.
std::size_t train_length(std::span<const OutgoingDatagram* const> datagrams, Trains trains);

/// Returns which trains are possible after one with datagrams of `datagram_bytes` has failed with
/// `code`, a negated errno, and its first datagram could be sent alone.
Trains after_refusal(Trains trains, int code, std::size_t datagram_bytes);

/// Writes the control message that makes a send a train to `place`, which has room for
/// kTrainRequestBytes and is aligned as a cmsghdr.
void write_train_request(std::byte* place, std::size_t datagram_bytes);
inline constexpr std::size_t kTrainRequestBytes = CMSG_SPACE(sizeof(std::uint16_t));

}  // namespace hotline::net
