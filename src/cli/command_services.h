#pragma once

#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline services`.
Subcommand services_subcommand();

}  // namespace hotline::cli
