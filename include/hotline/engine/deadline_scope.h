#pragma once

#include "hotline/core/deadline.h"
#include "hotline/core/public.h"

namespace hotline::engine {
struct Scope;
}

namespace hotline HOTLINE_PUBLIC {

/// Limits every wait that this fiber (or thread without a loop) begins while the scope exists.
/// Scopes nest, and the earliest deadline applies. A wait that the scope ends fails with
/// `timed_out`. A scope must be destroyed on the fiber that made it, and before the scopes around
/// it; otherwise the program aborts.
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
