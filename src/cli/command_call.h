#pragma once

#include "cli/call_options.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline call`.
Subcommand call_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<CallOptions> read_call(const Arguments& given);

}  // namespace hotline::cli
