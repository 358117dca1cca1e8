#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/time_scenario.h"

namespace simulation {

TEST_CASE("a reply has the time of the clock, however that is stepped") {
  check_seeds(tell_time, {.first = 1, .count = 1'000});
}

TEST_CASE("two runs of one seed have the same events") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CHECK(tell_time(seed).trace_hash == tell_time(seed).trace_hash);
  }
}

}  // namespace simulation
