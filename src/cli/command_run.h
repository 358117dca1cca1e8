#pragma once

#include <string>
#include <vector>

#include "cli/subcommand.h"
#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// The arguments of `hotline run`.
struct RunOptions {
  std::string endpoint = {};
  std::vector<std::string> command =
      {};  ///< One word is a line for the shell; several words are a program and its arguments.
  Duration linger = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(30);
  Duration timeout = kNoTimeout;          ///< The limit of the whole run.
  Controls controls = Controls::escaped;  ///< At a terminal.
};

/// `hotline run`.
Subcommand run_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<RunOptions> read_run(const Arguments& given);

}  // namespace hotline::cli
