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
  // A full pipe without a reader reports POLLERR but not POLLOUT; the write then returns the
  // reason.
  if (ready != 1 || (polled.revents & (POLLOUT | POLLERR)) == 0) return -EAGAIN;
  // Another process may fill the pipe between the poll and the write, so the write must not block
  // either. Terminals and files have no such write, but are nearly always ready.
  const iovec piece{const_cast<char*>(text.data()), text.size()};
  ssize_t written = ::pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
  if (written < 0 && errno == EOPNOTSUPP) written = ::write(fd, text.data(), text.size());
  return written < 0 ? -errno : static_cast<int>(written);
}

}  // namespace hotline
