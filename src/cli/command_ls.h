#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline ls`.
struct LsOptions {
  FileCommandOptions common = {};
  std::string path = {};  ///< Or a pattern.
  bool is_recursive = false;
  bool is_long = false;
};

/// Understands the arguments of `hotline ls`. Fails with a usage_error().
Result<LsOptions> read_ls(const Arguments& given);

Subcommand ls_subcommand();

}  // namespace hotline::cli
