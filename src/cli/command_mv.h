#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline mv`.
struct MvOptions {
  FileCommandOptions common = {};
  FilePath from = {};
  FilePath to = {};
  bool replaces = false;
};

/// Understands the arguments of `hotline mv`. Fails with a usage_error().
Result<MvOptions> read_mv(const Arguments& given);

Subcommand mv_subcommand();

}  // namespace hotline::cli
