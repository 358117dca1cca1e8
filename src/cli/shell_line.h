#pragma once

#include <string>
#include <vector>

namespace hotline::cli {

/// Returns the line that makes a shell run `words`: a single word is already a shell's line;
/// several are quoted, so that just this program runs with just these arguments.
std::string shell_line(const std::vector<std::string>& words);

}  // namespace hotline::cli
