#pragma once

#include "cli/bench_options.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"

namespace hotline::cli {

/// Puts an endpoint under load until the time is over, the messages are, or a signal ends it, and
/// prints what came of it. Reports failures. Returns the exit status; after a signal it ends the
/// program by that.
ExitStatus run_bench(const BenchOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
