#pragma once

#include "cli/exit_status.h"
#include "cli/options.h"

namespace hotline::cli {

/// `hotline shell`: has commands run at an endpoint, a line at a time.
ExitStatus shell_command(const ShellOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
