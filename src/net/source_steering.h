#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>

#include "engine/channel.h"

namespace hotline::net {

using SteeringProgram = std::array<sock_filter, 22>;

/// Returns the classic BPF program that chooses one of `sockets` UDP sockets of one port, from 0
/// on, by the source address of a packet, IPv4 or IPv6. The source port has no influence.
SteeringProgram steering_program(std::uint32_t sockets);

/// Has the kernel choose in this way among the sockets at the port of `channel`. Returns 0 or a
/// negated errno. SO_ATTACH_REUSEPORT_CBPF of socket(7).
int steer_by_source(const engine::Channel& channel, std::uint32_t sockets);

}  // namespace hotline::net
