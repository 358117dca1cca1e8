#include "engine/operations/connect.h"

#include <liburing.h>
#include <sys/socket.h>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

const sockaddr* raw(const SocketAddress& address) {
  return static_cast<const sockaddr*>(address.data());
}

}  // namespace

int Connect::attempt() noexcept {
  if (!is_started_) return start();
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(channel().fd(), SOL_SOCKET, SO_ERROR, &error, &size) < 0) return -errno;
  if (error != 0) return -error;
  // The absence of an error does not mean connected: the readiness may have been stale.
  sockaddr_storage peer;
  size = sizeof peer;
  if (::getpeername(channel().fd(), reinterpret_cast<sockaddr*>(&peer), &size) == 0) return 0;
  return errno == ENOTCONN ? -EAGAIN : -errno;
}

int Connect::start() noexcept {
  const auto size = static_cast<socklen_t>(address_.size());
  if (::connect(channel().fd(), raw(address_), size) == 0) return 0;
  if (errno == EAGAIN) return -EBUSY;
  // After EINTR the connection attempt goes on, as after EINPROGRESS.
  if (errno != EINPROGRESS && errno != EINTR) return -errno;
  is_started_ = true;
  return -EAGAIN;
}

void Connect::prepare(io_uring_sqe& entry) noexcept {
  io_uring_prep_connect(&entry, channel().fd(), raw(address_),
                        static_cast<socklen_t>(address_.size()));
}

}  // namespace hotline::engine
