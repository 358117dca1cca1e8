#pragma once

#include <string>
#include <vector>

namespace hotline::cli {

/// What a shell must be given to run `words`: a single one is a shell's line already, several are
/// quoted, so that just this program runs with just these arguments.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace hotline::cli
