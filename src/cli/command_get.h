#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline get`.
struct GetOptions {
  FileCommandOptions common = {};
  std::vector<std::string> paths = {};  ///< Or patterns.
  std::string to = ".";                 ///< `-`: standard output.
  bool is_recursive = false;
  bool replaces = false;
  bool is_dry = false;
};

/// Understands the arguments of `hotline get`. Fails with a usage_error().
Result<GetOptions> read_get(const Arguments& given);

Subcommand get_subcommand();

}  // namespace hotline::cli
