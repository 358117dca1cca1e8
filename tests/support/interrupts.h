#pragma once

#include <sys/socket.h>

#include <cerrno>

// Calls with a time limit (SO_RCVTIMEO, SO_SNDTIMEO) are not restarted automatically, and may fail
// with EINTR without a signal: tearing down a ring and freezing a control group cause that.

namespace hotline::test {

/// Repeats the call as long as it is interrupted.
template <typename Call>
auto through_interrupts(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// connect(2). Returns 0, or −1 and errno. An interrupted connect goes on, and on Linux another
/// call waits for its end, up to the time limit of the socket. Its error must not be taken with
/// SO_ERROR: after that, receiving from a connection that was reset returns an orderly end.
inline int connect_through_interrupts(int fd, const sockaddr* address, socklen_t size) {
  return through_interrupts([&] { return ::connect(fd, address, size); });
}

}  // namespace hotline::test
