#include "hotline/core/deadline.h"

#include <doctest/doctest.h>

namespace hotline::deadline_test {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Instant kNow{seconds(1000)};

}  // namespace

TEST_CASE("a deadline has passed at its instant, not before") {
  const Deadline deadline = Deadline::after(kNow, seconds(1));
  CHECK(deadline.instant() == kNow + seconds(1));
  CHECK_FALSE(deadline.has_passed(kNow));
  CHECK_FALSE(deadline.has_passed(kNow + seconds(1) - nanoseconds(1)));
  CHECK(deadline.has_passed(kNow + seconds(1)));
}

TEST_CASE("a timeout of zero has passed already") {
  CHECK(Deadline::after(kNow, Duration::zero()).has_passed(kNow));
  CHECK(Deadline::after(kNow, seconds(-1)).has_passed(kNow));
}

TEST_CASE("never is not an instant that the clock reaches") {
  CHECK(Deadline::never().is_never());
  CHECK_FALSE(Deadline::at(kNow).is_never());
  CHECK_FALSE(Deadline::never().has_passed(kNow));
  CHECK_FALSE(Deadline::never().has_passed(Instant::max() - nanoseconds(1)));
}

TEST_CASE("no timeout, and one past the end of the clock, mean never") {
  CHECK(Deadline::after(kNow, kNoTimeout).is_never());
  CHECK(Deadline::after(kNow, Instant::max() - kNow).is_never());
  CHECK(Deadline::after(Instant::max(), seconds(1)).is_never());
  CHECK_FALSE(Deadline::after(kNow, Instant::max() - kNow - nanoseconds(1)).is_never());
}

TEST_CASE("deadlines compare by time, and never is the last") {
  const Deadline soon = Deadline::at(kNow);
  const Deadline later = Deadline::at(kNow + nanoseconds(1));
  CHECK(soon < later);
  CHECK(later < Deadline::never());
  CHECK(soon == Deadline::at(kNow));
  CHECK(Deadline::earliest(soon, later) == soon);
  CHECK(Deadline::earliest(later, soon) == soon);
  CHECK(Deadline::earliest(Deadline::never(), later) == later);
}

}  // namespace hotline::deadline_test
