#include <doctest/doctest.h>

#include "simulation/challenge_scenario.h"
#include "simulation/check_seeds.h"

namespace simulation {

TEST_CASE("a handshake that is cut off, changed or made with another secret lets no caller in") {
  check_seeds(call_challenged, {.first = 1, .count = 1'000});
}

TEST_CASE("a challenge is the same in two runs of one seed") {
  CHECK(call_challenged(5).trace_hash == call_challenged(5).trace_hash);
}

}  // namespace simulation
