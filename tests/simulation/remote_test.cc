#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/remote_scenario.h"

namespace simulation {

TEST_CASE("a client believes no result of a remote command but the right and complete one") {
  check_seeds(run_remote_commands, {.first = 1, .count = 40});
}

}  // namespace simulation
