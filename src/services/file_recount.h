#pragma once

#include <string>
#include <vector>

#include "services/file_outcome.h"
#include "services/file_tree.h"

namespace hotline::services {

/// Counts what a tree takes, while it is used, and corrects its account. It locks the tree for one
/// directory at a time, and begins anew if a directory is moved in between. A second one of the
/// same tree waits for the first.
class FileRecount {
 public:
  explicit FileRecount(FileTree& tree) : tree_(tree) {}

  /// Returns what is used. Suspends the fiber. Fails with `busy` if directories are moved again and
  /// again; nothing is corrected then.
  FileOutcome<FileUsage> run();

 private:
  FileOutcome<void> walk();
  FileOutcome<void> walk_one(const std::string& path);

  FileTree& tree_;
  std::vector<std::string> left_{};  ///< Directories that are still to be walked.
};

}  // namespace hotline::services
