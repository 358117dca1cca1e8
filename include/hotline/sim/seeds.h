#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {
namespace sim {

/// The seeds that a test tries. The environment overrides them: with SEED=7 only seed 7 is tried,
/// and SEEDS=100 sets `count`.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t count = 100;
};

/// A failure, and how to reproduce it.
struct SeedFailure {
  std::uint64_t seed = 0;
  std::string what;  ///< Ends in the line `replay: SEED=7`.
};

/// Calls `check` with one seed after another, and stops at the first failure. `check` returns a
/// description of the failure, or "" if the seed passes; an exception counts as a failure.
std::optional<SeedFailure> find_failing_seed(
    SeedRange range, const std::function<std::string(std::uint64_t seed)>& check);

}  // namespace sim
}  // namespace hotline
