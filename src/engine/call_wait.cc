#include "engine/call_wait.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace hotline::engine {
namespace {

bool set_blocking_mode(int fd, int is_non_blocking) noexcept {
  return ::ioctl(fd, FIONBIO, &is_non_blocking) == 0;
}

}  // namespace

void CallWait::note_poll(int fd) noexcept {
  const bool counts = state_ == State::allowed || state_ == State::set_up;
  if (!counts || waits_ >= kWaitsBefore) return;
  if (++waits_ == kWaitsBefore && state_ == State::allowed) set_up(fd);
}

void CallWait::set_up(int fd) noexcept {
  const timeval limit{.tv_sec = 0, .tv_usec = std::chrono::microseconds(kMax).count()};
  // The limit first: without it a call would wait for ever.
  const bool is_set = ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
                      set_blocking_mode(fd, 0);
  state_ = is_set ? State::set_up : State::forbidden;
}

void CallWait::forbid(int fd) noexcept {
  if (state_ == State::set_up) set_blocking_mode(fd, 1);
  state_ = State::forbidden;
}

}  // namespace hotline::engine
