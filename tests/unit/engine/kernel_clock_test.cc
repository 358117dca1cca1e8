#include "engine/kernel_clock.h"

#include <vector>

#include <doctest/doctest.h>

namespace hotline::engine::kernel_clock_test {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

ClockStatus status_of(int state, int flags) {
  timex values{};
  values.status = flags;
  return clock_status_of(state, values);
}

/// Plays a clock that shows one time after another, and then advances by a second each time.
class ScriptedClock {
 public:
  explicit ScriptedClock(std::vector<std::int64_t> times) : times_(std::move(times)) {}

  nanoseconds operator()() {
    if (next_ < times_.size()) return last_ = nanoseconds(times_[next_++]);
    return last_ += seconds(1);
  }

 private:
  std::vector<std::int64_t> times_;
  std::size_t next_ = 0;
  nanoseconds last_{};
};

}  // namespace

TEST_CASE("a clock is synchronised unless the result or the flags say otherwise") {
  CHECK(status_of(TIME_OK, STA_PLL | STA_NANO).is_synchronised);
  CHECK(status_of(TIME_INS, STA_INS).is_synchronised);
  CHECK_FALSE(status_of(TIME_ERROR, STA_UNSYNC).is_synchronised);
  CHECK_FALSE(status_of(TIME_ERROR, STA_PLL).is_synchronised);
  CHECK_FALSE(status_of(TIME_OK, STA_UNSYNC).is_synchronised);
}

TEST_CASE("a leap is announced until it has been made") {
  CHECK(status_of(TIME_OK, STA_PLL).leap == Leap::none);
  CHECK(status_of(TIME_OK, STA_INS).leap == Leap::insert_second);
  CHECK(status_of(TIME_INS, STA_INS).leap == Leap::insert_second);
  CHECK(status_of(TIME_OOP, STA_INS).leap == Leap::insert_second);
  CHECK(status_of(TIME_DEL, STA_DEL).leap == Leap::delete_second);
  CHECK(status_of(TIME_WAIT, STA_INS).leap == Leap::none);
  CHECK(status_of(TIME_WAIT, STA_DEL).leap == Leap::none);
}

TEST_CASE("the errors are in microseconds, also if the kernel keeps nanoseconds") {
  timex values{};
  values.maxerror = 16'000'000;
  values.esterror = 7;
  values.tai = 37;
  for (const int flags : {0, STA_NANO}) {
    values.status = flags;
    const ClockStatus status = clock_status_of(TIME_OK, values);
    CHECK(status.error_max == seconds(16));
    CHECK(status.error_estimate == microseconds(7));
    CHECK(status.tai_offset_seconds == 37);
  }
}

TEST_CASE("the smallest step forward counts, not a reading that repeats or a step back") {
  CHECK(smallest_step(ScriptedClock({0, 90, 90, 150, 100, 200})) == nanoseconds(60));
  CHECK(smallest_step(ScriptedClock({5, 6})) == nanoseconds(1));
  CHECK(smallest_step(ScriptedClock({})) == seconds(1));
}

TEST_CASE("a clock that does not advance does not keep the caller for ever") {
  CHECK(smallest_step([] { return nanoseconds(7); }) == seconds(1));
}

}  // namespace hotline::engine::kernel_clock_test
