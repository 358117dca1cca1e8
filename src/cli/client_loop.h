#pragma once

#include <functional>

#include "cli/exit_status.h"
#include "cli/json_line.h"

namespace hotline::cli {

/// Runs `work` on a fiber, which may connect, and start sessions that run beside it, and returns
/// what `work` returns. The loop ends with it, so nothing of it may be kept. It starts fast, for a
/// program that makes one call: there is no thread beside that of the caller until something
/// blocks. If there is no memory or descriptor for a loop, reports that in `form`, and returns
/// `no_reply`. From then on writes fail as after fail_lost_writes(). For a thread without a loop.
ExitStatus run_on_client_loop(std::move_only_function<ExitStatus()> work, OutputForm form);

}  // namespace hotline::cli
