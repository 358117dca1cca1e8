#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/subcommand.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns the help on a command, a service or a topic, or on the program if `topic` is empty. It
/// ends in a newline. Fails with `invalid_argument`, which names the known topics.
Result<std::string> help_on(std::string_view topic);

/// Returns the help on one command.
std::string help_of(const Subcommand& command);

/// Returns everything that help_on() explains, in the order in which the program's help lists it.
std::vector<std::string> topic_names();

}  // namespace hotline::cli
