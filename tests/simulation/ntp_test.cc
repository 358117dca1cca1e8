#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/ntp_scenario.h"

namespace simulation {

TEST_CASE("an NTP client reports an offset within the error that it states, or none") {
  check_seeds(ask_for_offset, {.first = 1, .count = 600});
}

TEST_CASE("two runs of one seed of the NTP client have the same events") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CHECK(ask_for_offset(seed).trace_hash == ask_for_offset(seed).trace_hash);
  }
}

}  // namespace simulation
