#include "engine/above_standard.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace hotline::engine {

int above_standard(int fd) noexcept {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(fd);
  errno = error;
  return moved;
}

bool above_standard(std::array<int, 2>& ends) noexcept {
  ends[0] = above_standard(ends[0]);
  const int error = errno;
  ends[1] = above_standard(ends[1]);
  if (ends[0] >= 0 && ends[1] >= 0) return true;
  const int failure = ends[0] < 0 ? error : errno;
  for (const int end : ends) {
    if (end >= 0) ::close(end);
  }
  errno = failure;
  return false;
}

}  // namespace hotline::engine
