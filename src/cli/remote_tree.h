#pragma once

#include <optional>
#include <vector>

#include "cli/file_link.h"
#include "hotline/services/file_entry.h"
#include "hotline/services/file_failure.h"
#include "hotline/services/file_requests.h"

namespace hotline::cli {

/// What a directory at the server contains, as far as the server could read it.
struct RemoteTree {
  std::vector<FileEntry> entries{};      ///< Their paths are relative to the directory.
  std::optional<FileFailure> failure{};  ///< Why they are not all; nullopt: they are.
};

/// Lists a directory, or the tree below it. Suspends the fiber. If it is not the server that says
/// why the list is not whole, there are no entries.
RemoteTree list_tree(FileLink& link, const ListDirectory& request);

}  // namespace hotline::cli
