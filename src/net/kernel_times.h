#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <optional>

#include "engine/channel.h"
#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// The control bytes of one received datagram: where it was sent to, and the three times of
/// SCM_TIMESTAMPING.
inline constexpr std::size_t kTimedControlBytes =
    CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(3 * sizeof(timespec));

/// Has the kernel note the times that `use` names, and no others. Returns 0 or a negated errno.
int set_times(const engine::Channel& channel, TimestampUse use);

/// Returns the time that a control message of the kernel carries: SCM_TIMESTAMPNS or the software
/// time of SCM_TIMESTAMPING.
std::optional<std::chrono::system_clock::time_point> time_in(const cmsghdr& control);

/// Writes the control message with which a datagram asks for its sent time to `place`, which has
/// room for kSentTimeRequestBytes and is aligned as a cmsghdr.
void write_sent_time_request(std::byte* place);
inline constexpr std::size_t kSentTimeRequestBytes = CMSG_SPACE(sizeof(std::uint32_t));

}  // namespace hotline::net
