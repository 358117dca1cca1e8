#pragma once

#include <string>

#include "cli/subcommand.h"
#include "cli/terminal_filter.h"
#include "cli/terminal_text.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// The arguments of `hotline shell`.
struct ShellOptions {
  std::string endpoint = {};
  Duration linger = std::chrono::milliseconds(250);
  std::string course_option =
      {};  ///< An option that was given, and is for the wires of the course.
  Duration connect_timeout = std::chrono::seconds(30);
  Duration timeout = kNoTimeout;                       ///< The limit of one reply.
  Controls controls = Controls::escaped;               ///< At a terminal.
  FilteredColours colours = FilteredColours::removed;  ///< The same, on the wire `hotline`.
};

/// `hotline shell`.
Subcommand shell_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<ShellOptions> read_shell(const Arguments& given);

}  // namespace hotline::cli
