#pragma once

#include "cli/command_connection.h"
#include "cli/command_shell.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"

namespace hotline::cli {

/// Does the work of `hotline shell` on the wire `hotline`. Reports its own failures.
ExitStatus shell_remotely(CommandTarget target, const ShellOptions& options,
                          const CommonOptions& common);

}  // namespace hotline::cli
