#include "engine/interrupter.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/above_standard.h"
#include "engine/end_code.h"

namespace hotline::engine {

Interrupter::Interrupter() : fd_(above_standard(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))) {}

int Interrupter::take_end_code() noexcept {
  eventfd_t count = 0;
  if (!fd_ || ::eventfd_read(fd_.get(), &count) < 0) return 0;
  return count >= kCancelCount ? kCancelEnd : kDrainEnd;
}

void Interrupter::add(unsigned long long count) noexcept {
  if (fd_) ::eventfd_write(fd_.get(), count);
}

}  // namespace hotline::engine
