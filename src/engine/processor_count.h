#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotline::engine {

/// Returns how many threads of this process can run at once, at least 1: the processors that it may
/// use (sched_setaffinity(2)), or fewer if its control groups allow it less processor time.
unsigned processor_count();

/// Returns how many processors the groups at `directories` allow, rounded up; nothing if they set
/// no limit. The least of them counts. `cpu.max` of version 2, `cpu.cfs_quota_us` of version 1.
std::optional<unsigned> processor_quota(const std::vector<std::string>& directories);

}  // namespace hotline::engine
