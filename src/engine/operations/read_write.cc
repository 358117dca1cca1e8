#include "engine/operations/read_write.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

/// Returns 0, -EAGAIN, or the negated errno of poll.
int check_ready(int fd, short events) {
  pollfd polled{.fd = fd, .events = events, .revents = 0};
  const int result = system_result([&] { return ::poll(&polled, 1, 0); });
  if (result == 0) return -EAGAIN;
  return std::min(0, result);
}

}  // namespace

int Read::attempt() noexcept {
  const int checked = mode_ == BlockingMode::unknown ? check_ready(channel().fd(), POLLIN) : 0;
  if (checked < 0) return checked;
  return system_result([this] { return ::read(channel().fd(), into_.data(), into_.size()); });
}

int Write::attempt() noexcept {
  std::size_t size = bytes_.size();
  if (mode_ == BlockingMode::unknown) {
    if (const int checked = check_ready(channel().fd(), POLLOUT); checked < 0) return checked;
    // POLLOUT promises that a pipe takes PIPE_BUF bytes without waiting, but no more.
    size = std::min<std::size_t>(size, PIPE_BUF);
  }
  return system_result([&] { return ::write(channel().fd(), bytes_.data(), size); });
}

}  // namespace hotline::engine
