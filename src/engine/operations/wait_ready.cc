#include "engine/operations/wait_ready.h"

#include <poll.h>

#include "engine/channel.h"
#include "engine/end_code.h"
#include "engine/engine.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int WaitReady::attempt() noexcept {
  const short events = direction() == Direction::read ? POLLIN : POLLOUT;
  pollfd polled{.fd = channel().fd(), .events = events, .revents = 0};
  const int result = system_result([&] { return ::poll(&polled, 1, 0); });
  if (result < 0) return result;
  return result == 0 ? -EAGAIN : 0;
}

Result<void> wait_ready(Channel& channel, Direction direction, Deadline deadline,
                        std::string_view operation, OnDrain on_drain) {
  WaitReady wait(channel, direction, on_drain);
  const int result = Engine::current().perform(wait, deadline);
  if (result < 0) return fail(operation_error(result, operation));
  return {};
}

}  // namespace hotline::engine
