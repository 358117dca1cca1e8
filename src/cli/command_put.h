#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline put`.
struct PutOptions {
  FileCommandOptions common = {};
  std::vector<std::string> files = {};  ///< `-`: standard input.
  std::string to = {};
  bool is_recursive = false;
  bool replaces = false;
  bool is_dry = false;
};

/// Understands the arguments of `hotline put`. Fails with a usage_error().
Result<PutOptions> read_put(const Arguments& given);

Subcommand put_subcommand();

}  // namespace hotline::cli
