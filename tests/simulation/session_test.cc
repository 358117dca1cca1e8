#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/session_scenario.h"

namespace simulation {

TEST_CASE(
    "what arrives on a stream of a session is a beginning, and its end shows that it is all") {
  check_seeds(use_sessions, {.first = 1, .count = 200});
}

}  // namespace simulation
