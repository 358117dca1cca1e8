#pragma once

#include <sys/socket.h>

namespace hotline::net {

/// What a socket carries. The values are those of socket(2).
enum class SocketKind : int {
  stream = SOCK_STREAM,
  datagram = SOCK_DGRAM,
};

/// Returns the type of socket for a system call.
constexpr int native(SocketKind kind) { return static_cast<int>(kind); }

}  // namespace hotline::net
