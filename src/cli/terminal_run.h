#pragma once

#include "cli/command_connection.h"
#include "cli/command_run.h"
#include "cli/command_shell.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "hotline/services/command_client.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"

namespace hotline::cli {

/// Returns a terminal for a remote command that is like the one of this program. Without one here
/// it has 80 columns and 24 rows, and the type `dumb`.
RemoteTerminal remote_terminal();

/// Does the work of `hotline run --tty`, if standard input is a terminal. Reports its own failures.
ExitStatus run_at_terminal(CommandTarget target, const RunOptions& options,
                           const CommonOptions& common);

/// Does that of `hotline attach --tty`, if standard input is a terminal.
ExitStatus attach_at_terminal(CommandTarget target, JobId job, const RunOptions& options);

/// The same for `hotline shell` on the wire `hotline`: one shell of the server's user.
ExitStatus shell_at_terminal(CommandTarget target, const ShellOptions& options,
                             const CommonOptions& common);

}  // namespace hotline::cli
