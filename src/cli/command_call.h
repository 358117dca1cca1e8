#pragma once

#include "cli/exit_status.h"
#include "cli/options.h"

namespace hotline::cli {

/// `hotline call`: sends messages to an endpoint and prints the replies.
ExitStatus call_command(const CallOptions& options, const CommonOptions& common);

}  // namespace hotline::cli
