#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/files_scenario.h"

namespace simulation {

TEST_CASE("a file is put or got whole, over as many connections as it takes, or it is an error") {
  check_seeds(transfer_files, {.first = 1, .count = 20});
}

}  // namespace simulation
