#include <doctest/doctest.h>

#include "simulation/check_seeds.h"
#include "simulation/upper_scenario.h"

namespace simulation {

TEST_CASE("upper over streams sends the right reply or none, but never a wrong one") {
  check_seeds(call_upper, {.first = 1, .count = 2'000});
}

TEST_CASE("upper over datagrams answers only its callers, with the right reply or not at all") {
  check_seeds(send_upper, {.first = 1, .count = 1'000});
}

TEST_CASE("a server that is killed and started again takes over its endpoints") {
  check_seeds(survive_deaths, {.first = 1, .count = 200});
}

TEST_CASE("a server that was stopped answers every caller that sent in time") {
  check_seeds(survive_stops, {.first = 1, .count = 200});
}

TEST_CASE("the same seed gives the same run, another seed another run") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 17U, 4711U}) {
    const Findings first = call_upper(seed);
    const Findings again = call_upper(seed);
    CHECK(first.trace_hash == again.trace_hash);
    CHECK(first.simulated == again.simulated);
    CHECK(first.trace_hash != call_upper(seed + 1'000'000).trace_hash);
    CHECK(send_upper(seed).trace_hash == send_upper(seed).trace_hash);
  }
}

}  // namespace simulation
