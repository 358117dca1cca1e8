#include "engine/operations/send.h"

#include <liburing.h>

#include "engine/channel.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

// With MSG_WAITALL, io_uring continues by itself after a short send.
constexpr int kSubmittedFlags = MSG_NOSIGNAL | MSG_WAITALL;

}  // namespace

int Send::attempt() noexcept {
  return system_result([this] {
    return raw_call(SYS_sendto, channel().fd(), bytes_.data(), bytes_.size(),
                    MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  });
}

void Send::prepare(io_uring_sqe& entry) noexcept {
  io_uring_prep_send(&entry, channel().fd(), bytes_.data(), bytes_.size(), kSubmittedFlags);
}

int SendVectored::attempt() noexcept {
  if (message_.msg_iovlen == 1) {
    const iovec& only = message_.msg_iov[0];
    return Send(channel(), {static_cast<const std::byte*>(only.iov_base), only.iov_len}).attempt();
  }
  return system_result(
      [this] { return ::sendmsg(channel().fd(), &message_, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

void SendVectored::prepare(io_uring_sqe& entry) noexcept {
  io_uring_prep_sendmsg(&entry, channel().fd(), &message_, kSubmittedFlags);
}

}  // namespace hotline::engine
