#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"
#include "hotline/services/file_digest.h"

namespace hotline::cli {

/// The arguments of `hotline sum`.
struct SumOptions {
  FileCommandOptions common = {};
  std::vector<std::string> paths = {};  ///< Or patterns.
  FileDigestKind digest = FileDigestKind::sha256;
};

/// Understands the arguments of `hotline sum`. Fails with a usage_error().
Result<SumOptions> read_sum(const Arguments& given);

Subcommand sum_subcommand();

}  // namespace hotline::cli
