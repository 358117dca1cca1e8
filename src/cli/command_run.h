#pragma once

#include "cli/exit_status.h"
#include "cli/options.h"

namespace hotline::cli {

/// `hotline run`: has one command run at an endpoint, and prints what it says.
ExitStatus run_command(const RunOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
