#pragma once

#include <poll.h>
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

/// connect(2). An interrupted connect goes on in the background and must be waited for, not
/// repeated. Returns 0, or −1 and errno.
inline int connect_through_interrupts(int fd, const sockaddr* address, socklen_t size,
                                      int patience_ms) {
  if (::connect(fd, address, size) == 0) return 0;
  if (errno != EINTR) return -1;
  pollfd polled{.fd = fd, .events = POLLOUT, .revents = 0};
  const int ready = through_interrupts([&] { return ::poll(&polled, 1, patience_ms); });
  if (ready == 0) errno = ETIMEDOUT;
  if (ready <= 0) return -1;
  int error = 0;
  socklen_t error_size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) return -1;
  errno = error;
  return error == 0 ? 0 : -1;
}

}  // namespace hotline::test
