#include "hotline/sim/seeds.h"

#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include "support/environment_variable.h"

namespace hotline::sim::seeds_test {
namespace {

using test::EnvironmentVariable;
using Seeds = std::vector<std::uint64_t>;

/// Returns which seeds are tried with these variables in the environment.
Seeds tried(const std::optional<std::string>& seed, const std::optional<std::string>& seeds,
            SeedRange range = {.first = 1, .count = 3}) {
  const EnvironmentVariable one("SEED", seed);
  const EnvironmentVariable many("SEEDS", seeds);
  Seeds numbers;
  const auto failure = find_failing_seed(range, [&](std::uint64_t number) {
    numbers.push_back(number);
    return std::string();
  });
  CHECK_FALSE(failure);
  return numbers;
}

}  // namespace

TEST_CASE("each seed of the range is tried, in order") {
  CHECK(tried({}, {}) == Seeds{1, 2, 3});
  CHECK(tried({}, {}, {.first = 40, .count = 2}) == Seeds{40, 41});
  CHECK(tried({}, {}, {.first = 40, .count = 0}).empty());
  CHECK(tried({}, {}, {}).size() == 100);
}

TEST_CASE("the environment overrides the range") {
  CHECK(tried("7", {}) == Seeds{7});
  CHECK(tried("18446744073709551615", {}) == Seeds{18446744073709551615ULL});
  CHECK(tried({}, "5") == Seeds{1, 2, 3, 4, 5});
  CHECK(tried({}, "0").empty());
}

TEST_CASE("a single seed is used alone, however many are requested") {
  CHECK(tried("7", "5") == Seeds{7});
}

TEST_CASE("an empty variable of the environment counts as unset") {
  CHECK(tried("", "") == Seeds{1, 2, 3});
}

TEST_CASE("a variable that is not a number is a failure, and nothing is tried") {
  for (const char* wrong : {"x", "7x", " 7", "-1", "18446744073709551616"}) {
    for (const char* name : {"SEED", "SEEDS"}) {
      const EnvironmentVariable variable(name, wrong);
      bool has_tried = false;
      const auto failure = find_failing_seed({}, [&](std::uint64_t) {
        has_tried = true;
        return std::string();
      });
      REQUIRE(failure);
      CHECK_FALSE(has_tried);
    }
  }
}

TEST_CASE("an exception of a check is a failure of its seed") {
  const EnvironmentVariable one("SEED", {});
  const auto failure =
      find_failing_seed({.first = 5, .count = 1},
                        [](std::uint64_t) -> std::string { throw std::runtime_error("no"); });
  REQUIRE(failure);
  CHECK(failure->what == "it threw: no\nreplay: SEED=5");
}

TEST_CASE("the first failure ends it and says how to reproduce it") {
  const EnvironmentVariable one("SEED", {});
  const EnvironmentVariable many("SEEDS", {});
  std::uint64_t last = 0;
  const auto failure = find_failing_seed({.first = 1, .count = 9}, [&](std::uint64_t seed) {
    last = seed;
    return seed < 4 ? std::string() : std::string("it broke");
  });
  REQUIRE(failure);
  CHECK(failure->seed == 4);
  CHECK(last == 4);
  CHECK(failure->what == "it broke\nreplay: SEED=4");
}

TEST_CASE("the line that says how to reproduce it is a line of its own") {
  const EnvironmentVariable one("SEED", {});
  const auto failure =
      find_failing_seed({.first = 2, .count = 1}, [](std::uint64_t) { return "one\ntwo\n"; });
  REQUIRE(failure);
  CHECK(failure->what == "one\ntwo\nreplay: SEED=2");
}

}  // namespace hotline::sim::seeds_test
