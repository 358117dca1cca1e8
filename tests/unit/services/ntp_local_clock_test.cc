#include "services/ntp_local_clock.h"

#include <doctest/doctest.h>

namespace hotline::services::ntp_local_clock_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const WallTime kNow{hours(24 * 365 * 56) + seconds(7)};

ClockReading at(WallTime time) { return {.wall = time, .monotonic = {}}; }

TEST_CASE("a local clock is synchronised, has its stratum, and names itself") {
  for (const std::uint8_t stratum : {std::uint8_t{2}, std::uint8_t{15}}) {
    const NtpClockReport report = NtpLocalClock(stratum).report(at(kNow));
    CHECK(report.state.leap == NtpLeap::none);
    CHECK(report.state.stratum == stratum);
    CHECK(report.state.reference_id == 0x7F7F0101);
    CHECK(report.reason.empty());
  }
}

TEST_CASE("a local clock of stratum 1 has letters as its reference id") {
  CHECK(NtpLocalClock(1).report(at(kNow)).state.reference_id == ntp_code("LOCL"));
}

TEST_CASE("the time of its update is at most 64 s ago, and the same for all replies in between") {
  NtpLocalClock clock(5);
  const WallTime updated = clock.report(at(kNow)).state.reference_time;
  CHECK(updated <= kNow);
  CHECK(updated > kNow - seconds(64));
  CHECK(clock.report(at(updated + seconds(63))).state.reference_time == updated);
  CHECK(clock.report(at(updated + seconds(64))).state.reference_time == updated + seconds(64));
}

}  // namespace
}  // namespace hotline::services::ntp_local_clock_test
