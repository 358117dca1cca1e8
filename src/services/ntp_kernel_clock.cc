#include "services/ntp_kernel_clock.h"

#include <utility>

namespace hotline::services {
namespace {

NtpLeap leap_of(Leap leap) {
  switch (leap) {
    case Leap::insert_second: return NtpLeap::insert;
    case Leap::delete_second: return NtpLeap::remove;
    default: return NtpLeap::none;
  }
}

}  // namespace

NtpClockReport NtpKernelClock::report(const ClockReading& now) {
  return report(clock_status(), now.wall);
}

NtpClockReport NtpKernelClock::report(const Result<ClockStatus>& status, WallTime now) {
  if (!status) return {.reason = status.error().message(), .hint = status.error().hint()};
  if (!status->is_synchronised) {
    return {.reason = "the kernel says that no program keeps the clock right",
            .hint =
                "chronyd says so to the kernel only with 'rtcsync'; use "
                "mirror=HOST:PORT of the program that sets the clock, or local-stratum=N"};
  }
  const std::lock_guard lock(mutex_);
  const bool is_updated = updated_at_ == WallTime{} || status->error_max < last_error_max_;
  last_error_max_ = status->error_max;
  if (is_updated) updated_at_ = now;
  return {.state = {.leap = leap_of(status->leap),
                    .stratum = kStratum,
                    .root_dispersion = status->error_max,
                    .reference_id = kNtpLocalClock,
                    .reference_time = updated_at_,
                    .as_of = now}};
}

}  // namespace hotline::services
