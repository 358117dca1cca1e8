#pragma once

#include "cli/call_options.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline time`.
Subcommand time_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<CallOptions> read_time(const Arguments& given);

}  // namespace hotline::cli
