#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"

// A train: datagrams of one size for one peer, which one send hands to the kernel as a whole. The
// kernel, or the network device, cuts it: UDP_SEGMENT of udp(7).

namespace hotline::net {

/// How datagrams of one size for one peer leave: each by itself, or together.
enum class Trains : bool { none, possible };

/// Returns whether the kernel takes trains from this socket. The device may refuse them later.
Trains ask_for_trains(const engine::Channel& channel);

/// Returns how many of `datagrams`, from the first on, make up a train: at least 16, or 1 if the
/// first travels alone. `datagrams` must not be empty.
std::size_t train_length(std::span<const OutgoingDatagram> datagrams);

/// Returns true if `code`, a negated errno, says that the device will never take a train.
bool is_refusal_of_trains(int code);

/// Writes the control message that makes a send a train to `place`, which has room for
/// kTrainRequestBytes and is aligned as a cmsghdr.
void write_train_request(std::byte* place, std::size_t datagram_bytes);
inline constexpr std::size_t kTrainRequestBytes = CMSG_SPACE(sizeof(std::uint16_t));

}  // namespace hotline::net
