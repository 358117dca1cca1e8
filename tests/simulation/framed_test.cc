#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/framed_scenario.h"

namespace simulation {

TEST_CASE("a message is answered by one complete message, in order, or not at all") {
  check_seeds(call_framed, {.first = 1, .count = 1'000});
}

}  // namespace simulation
