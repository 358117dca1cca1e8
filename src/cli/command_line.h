#pragma once

#include <string>
#include <vector>

#include "cli/common_options.h"
#include "cli/exit_status.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// A command line, split.
struct CommandLine {
  CommonOptions common;         ///< The options that were parsed, even if parsing failed later.
  Result<Arguments> arguments;  ///< Fails with `invalid_argument`, with a hint.
};

/// Splits the arguments of main, without the program's own name.
CommandLine parse_command_line(const std::vector<std::string>& words,
                               const std::vector<Subcommand>& commands);

/// Runs the command line. Reports failures. Returns the exit status. Without a command it prints
/// the program's help on standard error and returns `usage`, so that a script that lost its command
/// fails.
ExitStatus run_command_line(const std::vector<std::string>& words);

}  // namespace hotline::cli
