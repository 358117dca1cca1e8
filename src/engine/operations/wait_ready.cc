#include "engine/operations/wait_ready.h"

#include <poll.h>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int WaitReady::attempt() noexcept {
  const short events = direction() == Direction::read ? POLLIN : POLLOUT;
  pollfd polled{.fd = channel().fd(), .events = events, .revents = 0};
  const int result = system_result([&] { return ::poll(&polled, 1, 0); });
  if (result < 0) return result;
  return result == 0 ? -EAGAIN : 0;
}

}  // namespace hotline::engine
