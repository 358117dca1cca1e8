#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/time_scenario.h"

namespace simulation {

TEST_CASE("the time that is told is that of the clock, however it is stepped, or none is") {
  check_seeds(tell_time, {.first = 1, .count = 1'000});
}

TEST_CASE("the time is told in the same way in two runs of one seed") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CHECK(tell_time(seed).trace_hash == tell_time(seed).trace_hash);
  }
}

}  // namespace simulation
