#pragma once

#include <optional>

#include "cli/command_connection.h"
#include "cli/command_run.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/remote_link.h"
#include "hotline/services/remote_command.h"

namespace hotline::cli {

/// Returns the command that `options` describe, within the limits that `target` names.
RemoteCommand remote_command(const CommandTarget& target, const RunOptions& options);

/// Returns until when to wait for the end of a command that starts now.
Deadline run_deadline(const RunOptions& options);

/// Does the work of `hotline run` on the wire `hotline`. Reports its own failures.
ExitStatus run_remotely(CommandTarget target, const RunOptions& options,
                        const CommonOptions& common);

/// What became of a command.
struct RemoteRunEnd {
  ExitStatus status = ExitStatus::no_reply;
  bool can_go_on = false;  ///< Another command can be run, and its output be printed.
};

/// Runs a command at a server, with the standard streams of this program as its own. It takes the
/// input, the timeout and the form of the output from `options`. Reports failures.
RemoteRunEnd run_command(RemoteLink& link, const RemoteCommand& command, const RunOptions& options,
                         OutputForm form);

/// Attaches to a job, and does the same with it. An interrupt leaves it.
RemoteRunEnd attach_job(RemoteLink& link, JobId job, const RunOptions& options, OutputForm form);

/// Returns how a connection for `options` is made again, if they say so.
std::optional<RemoteLink::Again> connecting_again(const RunOptions& options,
                                                  const CommonOptions& common);

}  // namespace hotline::cli
