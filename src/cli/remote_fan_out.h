#pragma once

#include "cli/command_run.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"

namespace hotline::cli {

/// Runs a command at all of `run.hosts`, each over a connection of its own, and shows what came and
/// a summary. Reports its own failures.
ExitStatus run_on_hosts(const RunOptions& run, const CommonOptions& common);

}  // namespace hotline::cli
