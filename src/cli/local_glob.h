#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/result.h"

namespace hotline::cli {

/// Returns the paths on this machine that match a pattern as those of remote_glob.h, in order; the
/// path itself if it is not a pattern, whether or not it exists. `**` is the same as `*`, and names
/// that begin with a dot match only a pattern that does. Fails with `not_found` if nothing matches.
/// Suspends the fiber.
Result<std::vector<std::string>> find_local(std::string_view word);

}  // namespace hotline::cli
