#pragma once

#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"

namespace hotline::services {

/// Returns all entries of a directory, in memory: for those of the store itself, which are as long
/// as it lets them be, not for directories of users. Suspends the fiber. Fails as
/// Directory::entries() and DirectoryReader::next().
Result<std::vector<DirectoryEntry>> all_entries(const Directory& directory,
                                                const EntriesOptions& options = {});

}  // namespace hotline::services
