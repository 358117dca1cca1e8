#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/host_result.h"

namespace hotline::cli {

/// Endpoints with the same result.
struct Fold {
  std::vector<std::string> hosts;
  std::size_t first = 0;  ///< The number of one of their results.
};

/// Groups results whose outputs and ends are identical, in the order of the first of each group.
std::vector<Fold> fold(std::span<const HostResult> results);

/// Returns the line above the output of a fold: `---- a, b (2): exit status 3`.
std::string heading_of(const Fold& fold, const HostResult& result);

}  // namespace hotline::cli
