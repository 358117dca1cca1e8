#include "engine/descriptor_limit.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

namespace hotline::engine {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

void ReserveDescriptor::release() {
  const std::lock_guard lock(mutex_);
  fd_.reset();
}

bool ReserveDescriptor::restore() {
  const std::lock_guard lock(mutex_);
  if (!fd_) fd_.reset(::eventfd(0, EFD_CLOEXEC));
  return static_cast<bool>(fd_);
}

}  // namespace hotline::engine
