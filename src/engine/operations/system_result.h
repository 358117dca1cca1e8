#pragma once

#include <cerrno>

namespace hotline::engine {

/// What `call` returned, or the negated errno; calls again if a signal interrupted it.
template <typename Call>
int system_result(Call call) noexcept {
  for (;;) {
    const auto returned = call();
    if (returned >= 0) return static_cast<int>(returned);
    if (errno != EINTR) return -errno;
  }
}

}  // namespace hotline::engine
