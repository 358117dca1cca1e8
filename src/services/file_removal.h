#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hotline/engine/directory.h"
#include "hotline/services/file_requests.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"

namespace hotline::services {

/// Removes a name, or a directory with all that it contains: what it contains first. It locks the
/// home for some names at a time, and counts what each of them gives back, so that it can be
/// cancelled at any time. It has a few descriptors, however deep the directory is. One fiber.
class FileRemoval {
 public:
  static constexpr std::size_t kNamesAtOnce = 256;

  /// `may_remove` is asked again and again.
  explicit FileRemoval(
      FileTree& tree, RightCheck may_remove = [] { return FileOutcome<void>(); })
      : tree_(tree), may_remove_(std::move(may_remove)) {}

  /// Once. Suspends the fiber. Durable when it succeeds. Fails with `busy` if directories are moved
  /// at the same time, or leaves what was moved out of the tree where it is.
  FileOutcome<void> run(const RemoveFile& request);

 private:
  /// A directory, and which of its names are to be removed.
  struct Level {
    std::string name{};  ///< That of the directory; empty for the outermost.
    std::uint64_t inode = 0;
    std::vector<std::string> names{};
    int tries = 0;  ///< How often the last name was a directory that was not empty.
  };

  FileOutcome<void> remove_all();
  FileOutcome<void> sync();
  FileOutcome<void> sync_emptied(ChangedDirectories& changed);
  FileOutcome<void> check_version();
  FileOutcome<void> remove_some();
  FileOutcome<void> remove_one(Level& level);
  FileOutcome<void> enter(std::string name, const FileStatus& status);
  FileOutcome<bool> has_name(Level& level);
  FileOutcome<bool> open_innermost();
  std::string path_of_innermost() const;
  void leave();

  FileTree& tree_;
  const RightCheck may_remove_;
  RemoveFile request_{};
  std::optional<Directory> outermost_{};     ///< It has the name that is asked for.
  std::vector<Level> levels_{};              ///< The innermost last.
  std::optional<Directory> directory_{};     ///< That of the innermost level, if it is open.
  std::optional<DirectoryReader> reader_{};  ///< That of directory_.
  FreedQuota freed_{};
};

}  // namespace hotline::services
