#pragma once

#include <string>
#include <vector>

#include "cli/subcommand.h"
#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// What `hotline run` was asked for.
struct RunOptions {
  std::string endpoint = {};
  std::vector<std::string> command = {};  ///< One word: a shell's line. Several: a program and its
                                          ///< arguments.
  Duration linger = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(30);
  Duration timeout = kNoTimeout;          ///< For all of it.
  Controls controls = Controls::escaped;  ///< At a terminal.
};

/// `hotline run`.
Subcommand run_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<RunOptions> read_run(const Arguments& given);

}  // namespace hotline::cli
