#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/files_power_scenario.h"

namespace simulation {

TEST_CASE("files survive power cuts and kills of their server as its answers say") {
  check_seeds(survive_power_cuts, {.first = 1, .count = 2'000});
}

}  // namespace simulation
