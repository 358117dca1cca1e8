#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline mkdir`.
struct MkdirOptions {
  FileCommandOptions common = {};
  std::vector<FilePath> paths = {};
  bool makes_parents = false;
};

/// Understands the arguments of `hotline mkdir`. Fails with a usage_error().
Result<MkdirOptions> read_mkdir(const Arguments& given);

Subcommand mkdir_subcommand();

}  // namespace hotline::cli
