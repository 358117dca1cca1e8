#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace hotline::sim {

/// Which seeds a test tries. The environment has the last word: SEED=7 is that one alone, SEEDS=100
/// so many.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t count = 100;
};

/// What was wrong, and how to see it again.
struct SeedFailure {
  std::uint64_t seed = 0;
  std::string what;  ///< Ends in the line `replay: SEED=7`.
};

/// Calls `check` with one seed after another; what it gives is what is wrong with it, empty if
/// nothing is; what it throws is wrong too. The first failure ends it.
std::optional<SeedFailure> find_failing_seed(
    SeedRange range, const std::function<std::string(std::uint64_t seed)>& check);

}  // namespace hotline::sim
