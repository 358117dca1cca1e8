#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/host_result.h"
#include "cli/shared_spill.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Endpoints with the same result.
struct Fold {
  std::vector<std::string> hosts;
  std::size_t first = 0;  ///< The number of one of their results.
};

/// Groups results whose outputs and ends are identical, in the order of the first of each group.
/// `spill` has what their outputs do not keep in memory. Fails as SharedSpill::read().
Result<std::vector<Fold>> fold(std::span<const HostResult> results, const SharedSpill& spill);

/// Returns the line above the output of a fold: `---- a, b (2): exit status 3`. A reason of the
/// server is escaped.
std::string heading_of(const Fold& fold, const HostResult& result);

}  // namespace hotline::cli
