#include "engine/poll_timeout.h"

#include <algorithm>
#include <climits>

namespace hotline::engine {

int poll_timeout_ms(Instant now, Deadline until) {
  if (until.is_never()) return -1;
  if (until.has_passed(now)) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until.instant() - now);
  return static_cast<int>(std::min<long long>(left.count(), INT_MAX));
}

}  // namespace hotline::engine
