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
  /// What is copied: `may_read` is asked before each file is published.
  struct From {
    FileTree& tree;
    RightCheck may_read;
  };

  /// Where the copy gets its place; `staging` is on the file system of `tree`.
  struct To {
    FileTree& tree;
    const Directory& staging;
  };

  /// The trees and the staging outlive it. Both trees may be the same.
  FileCopy(From from, To to) : from_(std::move(from)), to_(to) {}

  /// Returns the status of the copy. `target` is where that of request.path is to be. Suspends the
  /// fiber. Fails with `not_a_file` for links and other things that the service does not make.
  FileOutcome<FileStatus> run(const CopyFile& request, const FileTarget& target);

 private:
  FileOutcome<FileStatus> copy_file(const FilePath& from, const FileTarget& target);
  FileOutcome<FileStatus> copy_tree(const FilePath& from, const FileTarget& target);

  const From from_;
  const To to_;
};

}  // namespace hotline::services
