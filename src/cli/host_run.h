#pragma once

#include "cli/command_connection.h"
#include "cli/command_run.h"
#include "cli/host_output.h"
#include "cli/host_result.h"

namespace hotline::cli {

/// Runs the command of `run` at one of many endpoints, over a connection of its own. Passes what it
/// writes to `outputs`, and sets what became of it in `result`, whose host is the endpoint.
/// Suspends the fiber.
void run_at_host(CommandTarget target, const RunOptions& run, HostOutputs& outputs,
                 HostResult& result);

}  // namespace hotline::cli
