#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hotline/engine/directory.h"
#include "hotline/services/file_requests.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"

namespace hotline::services {

/// Removes a name, or a directory with all that it contains: what it contains first. It locks the
/// home for some names at a time, and counts what each of them gives back, so that it can be
/// cancelled at any time. One fiber.
class FileRemoval {
 public:
  static constexpr std::size_t kNamesAtOnce = 256;

  explicit FileRemoval(FileTree& tree) : tree_(tree) {}

  /// Once. Suspends the fiber. Durable when it succeeds.
  FileOutcome<void> run(const RemoveFile& request);

 private:
  /// A directory, and which of its names are to be removed. It stays the same if it is moved.
  struct Level {
    Directory directory;
    std::optional<DirectoryReader> reader{};
    std::vector<std::string> names{};
    int tries = 0;  ///< How often the last name was a directory that was not empty.
  };

  FileOutcome<void> check_version(const RemoveFile& request);
  FileOutcome<void> remove_some();
  FileOutcome<void> remove_one(Level& level);
  FileOutcome<void> enter(Level& level, const std::string& name);
  FileOutcome<bool> has_name(Level& level);

  FileTree& tree_;
  FileDepth depth_ = FileDepth::single;
  std::vector<Level> levels_{};  ///< The innermost last.
};

}  // namespace hotline::services
