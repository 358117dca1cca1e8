#pragma once

#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/file_command.h"

namespace hotline::cli {

/// Connects, and runs the lines of standard input as commands for files: `hotline files ENDPOINT`.
/// At a terminal it goes on after a failure, and ^C ends the command that runs; otherwise the first
/// failure ends it, and is its status, and a signal ends this program.
ExitStatus run_file_prompt(const FileCommandOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
