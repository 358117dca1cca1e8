#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"
#include "hotline/services/file_path.h"

namespace hotline::cli {

/// The arguments of `hotline quota`.
struct QuotaOptions {
  FilePath path = {};  ///< In the home, or in a share.
  FileCommandOptions common = {};
};

/// Understands the arguments of `hotline quota`. Fails with a usage_error().
Result<QuotaOptions> read_quota(const Arguments& given);

Subcommand quota_subcommand();

}  // namespace hotline::cli
