#pragma once

#include <string>

#include "cli/command_run.h"
#include "cli/subcommand.h"
#include "hotline/services/job_id.h"

namespace hotline::cli {

/// The arguments of `hotline attach`.
struct AttachOptions {
  JobId job{};
  RunOptions
      run{};  ///< The endpoint, the timeout to connect, the form of the output and the input.
};

/// `hotline attach`.
Subcommand attach_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<AttachOptions> read_attach(const Arguments& given);

}  // namespace hotline::cli
