#include "engine/operations/receive.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <new>

#include "engine/engine.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

Buffer Receive::take_buffer() const noexcept {
  if (!is_small_) return engine_.take_buffer();
  try {
    return Buffer(kSmallBytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

int Receive::attempt() noexcept {
  return system_result([this] { return receive(MSG_DONTWAIT); });
}

int Receive::attempt_waiting() noexcept {
  // Not repeated after a signal: each repetition would wait anew.
  const int result = receive(0);
  if (result >= 0) return result;
  return errno == EINTR ? -EAGAIN : -errno;
}

/// Returns the result of recv(2), which sets errno.
int Receive::receive(int flags) noexcept {
  MutableBytes target = into_;
  if (target.empty()) {
    buffer = take_buffer();
    if (!buffer) {
      errno = ENOBUFS;
      return -1;
    }
    target = buffer.memory();
  }
  const auto result = static_cast<int>(
      raw_call(SYS_recvfrom, channel().fd(), target.data(), target.size(), flags, 0, 0));
  if (!buffer) return result;
  if (result > 0) {
    buffer.set_filled(static_cast<std::size_t>(result));
  } else {
    // Recycling may free memory, which may change errno.
    const int error = errno;
    engine_.recycle(std::move(buffer));
    buffer = {};
    errno = error;
  }
  return result;
}

int Receive::take(Buffer received) {
  const MutableBytes bytes = received.memory().first(received.filled());
  if (into_.empty()) {
    buffer = std::move(received);
    return static_cast<int>(bytes.size());
  }
  const std::size_t taken = std::min(bytes.size(), into_.size());
  std::copy_n(bytes.begin(), taken, into_.begin());
  channel().unread = bytes.subspan(taken);
  if (taken < bytes.size()) channel().lease = std::move(received);
  return static_cast<int>(taken);
}

std::size_t Receive::pending_bytes() const noexcept {
  int pending = 0;
  const int failed =
      system_result([&] { return raw_call(SYS_ioctl, channel().fd(), FIONREAD, &pending); });
  return failed < 0 ? 0 : static_cast<std::size_t>(pending);
}

bool Receive::has_exhausted(int result) const noexcept {
  const std::size_t wanted = into_.empty() ? buffer.memory().size() : into_.size();
  return result > 0 && static_cast<std::size_t>(result) < wanted;
}

}  // namespace hotline::engine
