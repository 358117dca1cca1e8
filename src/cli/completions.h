#pragma once

#include <string>

namespace hotline::cli {

/// Return a script that completes the commands, options, values and topics of the program in that
/// shell.
std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace hotline::cli
