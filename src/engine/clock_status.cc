#include "hotline/engine/clock_status.h"

#include "engine/engine.h"

namespace hotline {

Result<ClockStatus> clock_status() {
  ClockStatus status;
  const int failed = engine::Engine::current().read_clock_status(status);
  if (failed == 0) return status;
  Error error = engine::operation_error(failed, "read the status of the clock");
  if (error.kind == ErrorKind::permission_denied) {
    error.advice =
        "a container forbids adjtimex(2), although reading needs no privilege: allow it there, or "
        "ask a time daemon of this machine instead";
  }
  return fail(std::move(error));
}

Duration clock_granularity() { return engine::Engine::current().wall_clock_granularity(); }

}  // namespace hotline
