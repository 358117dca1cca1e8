#include "engine/kernel_clock.h"

namespace hotline::engine {
namespace {

Leap leap_of(int state, unsigned flags) {
  // The leap has been made, and the flag stays until the daemon clears it.
  if (state == TIME_WAIT) return Leap::none;
  if ((flags & STA_INS) != 0) return Leap::insert_second;
  return (flags & STA_DEL) != 0 ? Leap::delete_second : Leap::none;
}

}  // namespace

ClockStatus clock_status_of(int state, const timex& values) {
  const auto flags = static_cast<unsigned>(values.status);
  return {.is_synchronised = state != TIME_ERROR && (flags & STA_UNSYNC) == 0,
          .leap = leap_of(state, flags),
          .error_max = std::chrono::microseconds(values.maxerror),
          .error_estimate = std::chrono::microseconds(values.esterror),
          .tai_offset_seconds = values.tai};
}

}  // namespace hotline::engine
