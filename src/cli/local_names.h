#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"

namespace hotline::cli {

/// Returns the names and kinds in a directory of this machine, in no order; empty: the directory
/// where the program is. Stops at some names more than `names_max`. Suspends the fiber.
Result<std::vector<DirectoryEntry>> local_names(const std::string& directory,
                                                std::size_t names_max = SIZE_MAX);

}  // namespace hotline::cli
