#include "engine/operations/accept.h"

#include <sys/socket.h>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int Accept::attempt() noexcept {
  return system_result(
      [this] { return ::accept4(channel().fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
}

}  // namespace hotline::engine
