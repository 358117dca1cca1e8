#pragma once

#include "cli/subcommand.h"

namespace hotline::cli {

/// `hotline help`.
Subcommand help_subcommand();

/// Prints the help on a topic, as help_on() does, or reports that there is none.
ExitStatus print_help(const std::string& topic, const CommonOptions& common);

}  // namespace hotline::cli
