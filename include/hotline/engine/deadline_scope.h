#pragma once

#include "hotline/core/deadline.h"

namespace hotline::engine {
struct Scope;
}

namespace hotline {

/// Bounds every wait that this fiber (or thread without a loop) begins while the scope lives.
/// Scopes nest: the earliest deadline wins. A wait that it ends fails with `timed_out`. Stays on
/// the fiber that made it, and ends before those that are around it: else the program is aborted.
class DeadlineScope {
 public:
  explicit DeadlineScope(Deadline deadline);
  DeadlineScope(const DeadlineScope&) = delete;
  DeadlineScope& operator=(const DeadlineScope&) = delete;
  ~DeadlineScope();

 private:
  engine::Scope& scope_;
  Deadline outer_ = Deadline::never();
  Deadline own_ = Deadline::never();
};

}  // namespace hotline
