#pragma once

#include <string>
#include <vector>

#include "cli/file_command.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// The arguments of `hotline quota`.
struct QuotaOptions {
  FileCommandOptions common = {};
};

/// Understands the arguments of `hotline quota`. Fails with a usage_error().
Result<QuotaOptions> read_quota(const Arguments& given);

Subcommand quota_subcommand();

}  // namespace hotline::cli
