#include "core/write_at_once.h"

#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

namespace hotline {

int write_at_once(int fd, std::string_view text) noexcept {
  pollfd polled{fd, POLLOUT, 0};
  const int ready = ::poll(&polled, 1, 0);
  if (ready == 1 && (polled.revents & POLLNVAL) != 0) return -EBADF;
  // A full pipe without a reader reports POLLERR but not POLLOUT; the write then returns the
  // reason.
  if (ready != 1 || (polled.revents & (POLLOUT | POLLERR)) == 0) return -EAGAIN;
  // Another process may fill the pipe between the poll and the write, so the write must not block
  // either. Terminals and files have no such write, but are nearly always ready.
  const iovec piece{const_cast<char*>(text.data()), text.size()};
  ssize_t written = ::pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
  if (written < 0 && errno == EOPNOTSUPP) {
    written = ::write(fd, text.data(), std::min(text.size(), std::size_t{PIPE_BUF}));
  }
  return written < 0 ? -errno : static_cast<int>(written);
}

}  // namespace hotline
