#pragma once

#include <string>
#include <vector>

#include "cli/subcommand.h"

namespace hotline::cli {

/// Returns the sub-commands of the program, in the order in which help lists them. Their options
/// include the common ones.
std::vector<Subcommand> make_subcommands();

/// Returns the sub-command that the first of `words` that names one may be meant for; none if no
/// word does. It takes less time than making all of them.
std::vector<Subcommand> make_subcommand_in(const std::vector<std::string>& words);

}  // namespace hotline::cli
