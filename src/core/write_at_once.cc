#include "core/write_at_once.h"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

namespace hotline {

int write_at_once(int fd, std::string_view text) noexcept {
  text = text.substr(0, PIPE_BUF);
  pollfd polled{fd, POLLOUT, 0};
  const int ready = ::poll(&polled, 1, 0);
  if (ready == 1 && (polled.revents & POLLNVAL) != 0) return -EBADF;
  // A pipe that is full and has no reader is not writable, and the write says why.
  if (ready != 1 || (polled.revents & (POLLOUT | POLLERR)) == 0) return -EAGAIN;
  // Another process may fill a pipe between the look and the write, so the write must not wait
  // either. What has no such write (a terminal, a file) is nearly always ready.
  const iovec piece{const_cast<char*>(text.data()), text.size()};
  ssize_t written = ::pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
  if (written < 0 && errno == EOPNOTSUPP) written = ::write(fd, text.data(), text.size());
  return written < 0 ? -errno : static_cast<int>(written);
}

}  // namespace hotline
