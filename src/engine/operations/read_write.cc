#include "engine/operations/read_write.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

bool is_ready(int fd, short events) {
  pollfd polled{.fd = fd, .events = events, .revents = 0};
  return system_result([&] { return ::poll(&polled, 1, 0); }) > 0;
}

}  // namespace

int Read::attempt() noexcept {
  if (!is_ready(channel().fd(), POLLIN)) return -EAGAIN;
  return system_result([this] { return ::read(channel().fd(), into_.data(), into_.size()); });
}

int Write::attempt() noexcept {
  if (!is_ready(channel().fd(), POLLOUT)) return -EAGAIN;
  // POLLOUT promises a pipe PIPE_BUF bytes without waiting, no more.
  const std::size_t size = std::min<std::size_t>(bytes_.size(), PIPE_BUF);
  return system_result([&] { return ::write(channel().fd(), bytes_.data(), size); });
}

}  // namespace hotline::engine
