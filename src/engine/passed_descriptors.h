#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "hotline/core/unique_fd.h"

namespace hotline::engine {

/// Takes all descriptors from all control messages of a received `message`: puts them into `wanted`
/// in order, as many as fit, and closes the others. Returns how many are in `wanted`. Call it for
/// each message that is received with room for control messages; otherwise descriptors that peers
/// send stay open for ever.
std::size_t take_descriptors(const msghdr& message, std::span<UniqueFd> wanted);

}  // namespace hotline::engine
