#pragma once

#include <vector>

#include "cli/subcommand.h"

namespace hotline::cli {

/// Returns the sub-commands of the program, in the order in which help lists them. Their options
/// include the common ones.
std::vector<Subcommand> make_subcommands();

}  // namespace hotline::cli
