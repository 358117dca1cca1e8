#include "services/clock_watch.h"

#include <doctest/doctest.h>

namespace hotline::services::clock_watch_test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

ClockReading later(const ClockReading& from, Duration elapsed, Duration gone) {
  return {from.wall + gone, from.monotonic + elapsed};
}

const ClockReading kStart{.wall = std::chrono::system_clock::time_point(hours(24 * 365 * 56)),
                          .monotonic = Instant(hours(1))};

TEST_CASE("two clocks that go alike were not set") {
  CHECK_FALSE(was_wall_clock_set(kStart, kStart));
  CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, seconds(10), seconds(10))));
  CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, hours(24 * 400), hours(24 * 400))));
}

TEST_CASE("a step of more than a millisecond is noticed, in both directions") {
  for (const Duration elapsed : {Duration(0), Duration(microseconds(500))}) {
    CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed + milliseconds(1))));
    CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed - milliseconds(1))));
    CHECK(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed + microseconds(1001))));
    CHECK(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed - microseconds(1001))));
  }
}

TEST_CASE("a clock that is corrected by 500 millionths of its speed was not set") {
  const Duration most = microseconds(1500);
  CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, seconds(1), seconds(1) + most)));
  CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, seconds(1), seconds(1) - most)));
  CHECK(was_wall_clock_set(kStart, later(kStart, seconds(1), seconds(1) + most * 2)));
  CHECK(was_wall_clock_set(kStart, later(kStart, seconds(1), seconds(1) - most * 2)));
}

TEST_CASE("the difference between the ways of both clocks is positive in both directions") {
  CHECK(wall_clock_error(kStart, later(kStart, seconds(1), seconds(1))) == Duration(0));
  CHECK(wall_clock_error(kStart, later(kStart, seconds(1), seconds(3))) == seconds(2));
  CHECK(wall_clock_error(kStart, later(kStart, seconds(3), seconds(1))) == seconds(2));
}

TEST_CASE("after a long time too, a step of more than 6 ms is noticed") {
  for (const Duration elapsed : {Duration(seconds(10)), Duration(hours(24))}) {
    CHECK_FALSE(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed + milliseconds(6))));
    CHECK(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed + milliseconds(7))));
    CHECK(was_wall_clock_set(kStart, later(kStart, elapsed, elapsed - milliseconds(7))));
  }
}

TEST_CASE("a machine that was suspended counts as one whose clock was set") {
  CHECK(was_wall_clock_set(kStart, later(kStart, milliseconds(3), hours(8))));
}

}  // namespace
}  // namespace hotline::services::clock_watch_test
