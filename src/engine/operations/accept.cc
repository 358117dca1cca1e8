#include "engine/operations/accept.h"

#include <sys/socket.h>

#include <cerrno>

#include "engine/above_standard.h"
#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

int Accept::attempt() noexcept {
  const int accepted = system_result(
      [this] { return ::accept4(channel().fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); });
  const int moved = above_standard(accepted);
  return accepted >= 0 && moved < 0 ? -errno : moved;
}

}  // namespace hotline::engine
