#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

// Calls with a time limit (SO_RCVTIMEO, SO_SNDTIMEO) are not begun again by themselves, and may end
// with EINTR though there was no signal: a ring being torn down and a frozen control group do that.

namespace hotline::test {

/// Calls again for as long as it was only interrupted.
template <typename Call>
auto through_interrupts(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// connect(2), whose connection goes on being made when the call is interrupted: to be waited for,
/// not to be asked for again. 0, or −1 and errno.
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
