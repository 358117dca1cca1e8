#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/primitives_scenario.h"

namespace simulation {

TEST_CASE("room, sleeps, cancels, offloaded work and processes keep their word in any order") {
  check_seeds(use_primitives, {.first = 1, .count = 300});
}

}  // namespace simulation
