#pragma once

#include "cli/exit_status.h"
#include "cli/options.h"

namespace hotline::cli {

/// `hotline doctor`: tells what this machine allows. Fails if something that servers need is
/// missing.
ExitStatus doctor_command(const CommonOptions& common);

}  // namespace hotline::cli
