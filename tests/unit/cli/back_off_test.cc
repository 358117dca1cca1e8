#include "cli/back_off.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace hotline::cli::back_off_test {

TEST_CASE("pauses get twice as long, up to a limit, and are at most a half shorter") {
  BackOff pauses;
  Duration longest = BackOff::kFirst;
  for (int i = 0; i < 12; ++i) {
    const Duration pause = pauses.next();
    CHECK(pause <= longest);
    CHECK(pause >= longest / 2);
    longest = std::min(longest * 2, BackOff::kLongest);
  }
  CHECK(longest == BackOff::kLongest);
}

}  // namespace hotline::cli::back_off_test
