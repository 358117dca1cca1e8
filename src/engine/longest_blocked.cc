#include "engine/longest_blocked.h"

#include <algorithm>

namespace hotline::engine {

void LongestBlocked::consider(Wait& wait) noexcept {
  if (wait.is_complete() || wait.begun() > begun_max_) return;
  const auto end = waits_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto place = std::upper_bound(
      waits_.begin(), end, &wait,
      [](const Wait* one, const Wait* other) { return one->begun() < other->begun(); });
  if (place == waits_.end()) return;
  if (count_ < kCountMax) ++count_;
  std::copy_backward(place, waits_.begin() + static_cast<std::ptrdiff_t>(count_) - 1,
                     waits_.begin() + static_cast<std::ptrdiff_t>(count_));
  *place = &wait;
}

}  // namespace hotline::engine
