#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::engine {

/// Returns how many threads of this process can run at once, at least 1: the processors that it may
/// use (sched_setaffinity(2)), or fewer if its control groups grant it less processor time.
unsigned processor_count();

/// Returns the smallest number of processors that a group at `directories` grants, rounded up, or
/// nullopt if none of them sets a limit. Reads `cpu.max` (version 2) or `cpu.cfs_quota_us` (version
/// 1).
std::optional<unsigned> processor_quota(const std::vector<std::string>& directories);

}  // namespace hotline::engine
