#pragma once

#include "cli/serving.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline serve`.
Subcommand serve_subcommand();

/// Reads its arguments. Fails with `invalid_argument`, with a hint.
Result<ServeOptions> read_serve(const Arguments& given);

}  // namespace hotline::cli
