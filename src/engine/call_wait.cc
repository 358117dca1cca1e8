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
  if (!is_allowed_ || waits_ >= kWaitsBefore) return;
  if (++waits_ == kWaitsBefore && !is_set_up_) set_up(fd);
}

void CallWait::set_up(int fd) noexcept {
  const timeval limit{.tv_sec = 0, .tv_usec = std::chrono::microseconds(kMax).count()};
  // The limit first: without it a call would wait for ever.
  is_set_up_ = ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
               set_blocking_mode(fd, 0);
  if (!is_set_up_) is_allowed_ = false;
}

void CallWait::forbid(int fd) noexcept {
  if (is_set_up_) set_blocking_mode(fd, 1);
  is_forbidden_ = true;
  is_allowed_ = false;
  is_set_up_ = false;
}

}  // namespace hotline::engine
