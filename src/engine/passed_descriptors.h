#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Takes every descriptor that came with a received `message`, in all of its control messages: the
/// first into `wanted`, in order, as many as fit; all others are closed. Returns how many there are
/// in `wanted`. Call it for each message received with room for control messages, or what peers
/// pass along stays open for ever.
std::size_t take_descriptors(const msghdr& message, std::span<UniqueFd> wanted);

}  // namespace hotline::engine
