#pragma once

#include "cli/bench_options.h"
#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline bench`.
Subcommand bench_subcommand();

/// Reads its arguments, and the file of the message. Fails with `invalid_argument`, with a hint,
/// and as read_file() does.
Result<BenchOptions> read_bench(const Arguments& given);

}  // namespace hotline::cli
