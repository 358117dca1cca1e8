#include "hotline/core/unique_fd.h"

#include <unistd.h>

namespace hotline {

void UniqueFd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  // On Linux a close(2) that fails with EINTR has closed the descriptor. A second attempt could
  // close a descriptor that another thread has just opened.
  if (old >= 0) ::close(old);
}

}  // namespace hotline
