#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <vector>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"

// Datagrams of one size that one peer has sent one after another, which the kernel hands over
// together, with the size at which to cut them: UDP_GRO of udp(7).

namespace hotline::net {

/// If the kernel may hand over several datagrams as one.
enum class Coalescing : bool { none, possible };

/// A buffer of this size holds whatever the kernel hands over as one.
inline constexpr std::size_t kCoalescedBytesMax = 65'535;

/// Has the kernel hand over datagrams together from now on, if it can. Never to be undone: of those
/// that are in the queue by then, the kernel would not say any more where to cut them.
void ask_for_coalescing(const engine::Channel& channel);

/// Returns the size at which a control message says that its datagram is to be cut; 0 if it is
/// something else.
std::size_t segment_bytes_in(const cmsghdr& control);

/// Cuts `whole` into pieces of `segment_bytes`, of which the last may be shorter, and appends them
/// to `datagrams`. With 0, or if it is not longer than that, it is one datagram. If its end is
/// lost, the last piece says so.
void append_segments(const Datagram& whole, std::size_t segment_bytes,
                     std::vector<Datagram>& datagrams);

inline constexpr std::size_t kSegmentBytesControl = CMSG_SPACE(sizeof(int));

}  // namespace hotline::net
