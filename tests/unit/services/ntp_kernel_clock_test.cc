#include "services/ntp_kernel_clock.h"

#include <doctest/doctest.h>

namespace hotline::services::ntp_kernel_clock_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const WallTime kNow{hours(24 * 365 * 56)};

ClockStatus status(Duration error_max, Leap leap = Leap::none) {
  ClockStatus status;
  status.is_synchronised = true;
  status.leap = leap;
  status.error_max = error_max;
  return status;
}

TEST_CASE("the greatest error that the kernel knows is the dispersion, from now on") {
  NtpKernelClock clock;
  const NtpClockReport report = clock.report(status(milliseconds(7)), kNow);
  CHECK(report.state.is_synchronised());
  CHECK(report.state.stratum == NtpKernelClock::kStratum);
  CHECK(report.state.root_dispersion == milliseconds(7));
  CHECK(report.state.root_delay == Duration::zero());
  CHECK(report.state.as_of == kNow);
  CHECK(report.reason.empty());
}

TEST_CASE("a leap second that the kernel announces is announced") {
  NtpKernelClock clock;
  CHECK(clock.report(status(milliseconds(7)), kNow).state.leap == NtpLeap::none);
  CHECK(clock.report(status(milliseconds(7), Leap::insert_second), kNow).state.leap ==
        NtpLeap::insert);
  CHECK(clock.report(status(milliseconds(7), Leap::delete_second), kNow).state.leap ==
        NtpLeap::remove);
}

TEST_CASE("the clock was updated when its greatest error has become smaller") {
  NtpKernelClock clock;
  const auto updated = [&](Duration error_max, WallTime now) {
    return clock.report(status(error_max), now).state.reference_time;
  };
  CHECK(updated(milliseconds(7), kNow) == kNow);
  CHECK(updated(milliseconds(7), kNow + seconds(1)) == kNow);
  CHECK(updated(milliseconds(8), kNow + seconds(2)) == kNow);
  CHECK(updated(milliseconds(3), kNow + seconds(3)) == kNow + seconds(3));
  CHECK(updated(milliseconds(4), kNow + seconds(4)) == kNow + seconds(3));
}

TEST_CASE(
    "a clock that the kernel does not trust is not synchronised, and the hint says what helps") {
  NtpKernelClock clock;
  const NtpClockReport report = clock.report(ClockStatus{}, kNow);
  CHECK_FALSE(report.state.is_synchronised());
  CHECK(report.reason == "the kernel says that no program keeps the clock right");
  CHECK(report.hint.contains("mirror="));
  CHECK(report.hint.contains("local-stratum="));
}

TEST_CASE("if the kernel may not be asked, the clock is not synchronised, and the reason says so") {
  NtpKernelClock clock;
  const Error error =
      make_error(ErrorKind::permission_denied, "ask for", "the clock", "", "do that");
  const NtpClockReport report = clock.report(fail(error), kNow);
  CHECK_FALSE(report.state.is_synchronised());
  CHECK(report.reason == error.message());
  CHECK(report.hint == "do that");
}

}  // namespace
}  // namespace hotline::services::ntp_kernel_clock_test
