#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns the endpoints of `--on VALUE`: those of a file with one on each line, or several with
/// commas between them. A value with `:` before any `/` is not a file. `-` is standard input. Fails
/// with `invalid_argument` if there is none, or one appears twice, and as read_file().
Result<std::vector<std::string>> read_hosts(const std::string& value);

/// Returns those of the text of such a file, named `source` in errors: blank lines are skipped, and
/// what follows a `#` at the beginning of a line or after a blank.
Result<std::vector<std::string>> parse_host_file(std::string_view text, const std::string& source);

}  // namespace hotline::cli
