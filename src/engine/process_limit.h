#pragma once

#include <string>
#include <vector>

namespace hotline::engine {

/// Returns which limit keeps this process from starting one more thread or process, and how to
/// raise it, for a hint: a control group's `pids.max` that is reached, else the user's limit, else
/// the system's. Reads files: call it after a failure only, and not on a busy loop.
std::string process_limit_hint();

/// Returns the same of the groups at `directories` alone; empty if none has reached its limit.
std::string group_limit_hint(const std::vector<std::string>& directories);

}  // namespace hotline::engine
