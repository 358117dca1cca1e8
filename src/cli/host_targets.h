#pragma once

#include <vector>

#include "cli/command_connection.h"
#include "cli/command_run.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns where the command of `run` is to run, in the order of RunOptions::hosts. Checks, without
/// a connection, everything that can be wrong with any of them: the endpoint, its wire, the keys
/// and other files that it needs, the command. Fails with one error for all that are wrong. `home`
/// is the value of --home.
Result<std::vector<CommandTarget>> host_targets(const RunOptions& run, const std::string& home);

}  // namespace hotline::cli
