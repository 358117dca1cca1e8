#pragma once

#include "hotline/core/deadline.h"

namespace hotline {

/// Bounds every wait that this fiber (or thread without a loop) begins while the scope lives.
/// Scopes nest: the earliest deadline wins. A wait that it ends fails with `timed_out`. Stays on
/// the fiber that made it.
class DeadlineScope {
 public:
  explicit DeadlineScope(Deadline deadline);
  DeadlineScope(const DeadlineScope&) = delete;
  DeadlineScope& operator=(const DeadlineScope&) = delete;
  ~DeadlineScope();

 private:
  Deadline outer_ = Deadline::never();
};

}  // namespace hotline
