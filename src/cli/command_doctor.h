#pragma once

#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline doctor`.
Subcommand doctor_subcommand();

}  // namespace hotline::cli
