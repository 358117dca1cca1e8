#pragma once

#include <string>
#include <vector>

namespace hotline::engine {

/// Returns a hint that names the limit which prevents one more thread or process, and how to raise
/// it: the `pids.max` of a control group if it is reached, otherwise the user's limit, otherwise
/// the system's. Reads files, so call it only after a failure and not on a busy loop.
std::string process_limit_hint();

/// Returns the hint for the groups at `directories` alone; empty if none of them has reached its
/// limit.
std::string group_limit_hint(const std::vector<std::string>& directories);

}  // namespace hotline::engine
