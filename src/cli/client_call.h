#pragma once

#include "cli/call_options.h"
#include "cli/common_options.h"
#include "cli/exit_status.h"

namespace hotline::cli {

/// Sends messages to an endpoint and prints the replies. Reports failures. Returns the exit status.
ExitStatus hold_call(const CallOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
