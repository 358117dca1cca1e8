#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline rm`.
struct RmOptions {
  FileCommandOptions common = {};
  std::vector<std::string> paths = {};  ///< Or patterns.
  bool is_recursive = false;
  bool is_dry = false;
};

/// Understands the arguments of `hotline rm`. Fails with a usage_error().
Result<RmOptions> read_rm(const Arguments& given);

Subcommand rm_subcommand();

}  // namespace hotline::cli
