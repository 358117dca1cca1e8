#include "simulation/check_seeds.h"

#include <doctest/doctest.h>

namespace simulation {

void check_seeds(const Scenario& scenario, hotline::sim::SeedRange range) {
  hotline::FaultCounts faults;
  const auto failed = hotline::sim::find_failing_seed(range, [&](std::uint64_t seed) {
    // A crash shows the seed.
    CAPTURE(seed);
    Findings found = scenario(seed);
    faults += found.faults;
    return found.wrong;
  });
  MESSAGE(faults.total() << " faults: " << faults.to_string());
  CHECK_MESSAGE(!failed, failed.value_or(hotline::sim::SeedFailure{}).what);
}

}  // namespace simulation
