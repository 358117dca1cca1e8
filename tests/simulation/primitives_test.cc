#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/primitives_scenario.h"

namespace simulation {

TEST_CASE(
    "semaphores, sleeps, cancels, offloaded work and processes keep their contracts in any order") {
  check_seeds(use_primitives, {.first = 1, .count = 300});
}

}  // namespace simulation
