#include "engine/poll_timeout.h"

#include <chrono>
#include <climits>

#include <doctest/doctest.h>

namespace hotline::engine::poll_timeout_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const Instant kNow{std::chrono::seconds(100)};

int timeout_after(Duration duration) {
  return poll_timeout_ms(kNow, Deadline::at(kNow + duration));
}

}  // namespace

TEST_CASE("a deadline that never comes is waited for without end") {
  CHECK(poll_timeout_ms(kNow, Deadline::never()) == -1);
}

TEST_CASE("a deadline that is now or has passed is not waited for") {
  CHECK(timeout_after(nanoseconds(0)) == 0);
  CHECK(timeout_after(nanoseconds(-1)) == 0);
  CHECK(timeout_after(hours(-1)) == 0);
}

TEST_CASE("a part of a millisecond is waited for as a whole one") {
  CHECK(timeout_after(nanoseconds(1)) == 1);
  CHECK(timeout_after(milliseconds(1)) == 1);
  CHECK(timeout_after(milliseconds(1) + nanoseconds(1)) == 2);
}

TEST_CASE("a time that does not fit an int is cut to the longest that does") {
  CHECK(timeout_after(milliseconds(INT_MAX)) == INT_MAX);
  CHECK(timeout_after(milliseconds(INT_MAX) + nanoseconds(1)) == INT_MAX);
  CHECK(timeout_after(hours(24 * 365)) == INT_MAX);
}

}  // namespace hotline::engine::poll_timeout_test
