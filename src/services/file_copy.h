#pragma once

#include <utility>

#include "hotline/services/file_requests.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"
#include "services/upload_table.h"

namespace hotline::services {

/// Copies a file, or a directory with all that it contains. Storage is shared where the file system
/// can do that; the quota counts each copy in full. What was copied stays if it fails later. One
/// fiber.
class FileCopy {
 public:
  /// `staging` is on the file system of `tree`; both outlive it. `may_read` is asked before each
  /// file is published.
  FileCopy(FileTree& tree, const Directory& staging, RightCheck may_read)
      : tree_(tree), staging_(staging), may_read_(std::move(may_read)) {}

  /// Returns the status of the copy. `target` is where that of request.path is to be. Suspends the
  /// fiber. Fails with `not_a_file` for links and other things that the service does not make.
  FileOutcome<FileStatus> run(const CopyFile& request, const FileTarget& target);

 private:
  FileOutcome<FileStatus> copy_file(const FilePath& from, const FileTarget& target);
  FileOutcome<FileStatus> copy_tree(const FilePath& from, const FileTarget& target);

  FileTree& tree_;
  const Directory& staging_;
  const RightCheck may_read_;
};

}  // namespace hotline::services
