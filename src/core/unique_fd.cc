#include "hotline/core/unique_fd.h"

#include <unistd.h>

namespace hotline {

void UniqueFd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  // An EINTR from close(2) on Linux still means closed: trying again could close a stranger's.
  if (old >= 0) ::close(old);
}

}  // namespace hotline
