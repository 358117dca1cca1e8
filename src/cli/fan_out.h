#pragma once

#include <cstddef>
#include <functional>

#include "hotline/core/result.h"

namespace hotline::cli {

/// Calls `run` with every number below `count`, each on a fiber, at most `at_once` at the same time
/// and in this order. Returns when all have returned. Fails with `resource_exhausted` if no fiber
/// can be started, and with `cancelled`; then `run` was not called for the others.
Result<void> fan_out(std::size_t count, std::size_t at_once,
                     const std::function<void(std::size_t index)>& run);

}  // namespace hotline::cli
