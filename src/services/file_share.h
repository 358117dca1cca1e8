#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "services/file_tree.h"
#include "services/upload_table.h"

namespace hotline::services {

/// A share that is open: one tree with one quota, and for each of its users the unfinished uploads,
/// which no other user can name. Any thread and fiber. The calls suspend the fiber, except tree().
class FileShare {
 public:
  /// `staging` is on the file system of the tree, has a directory for each user, and is used by
  /// nothing else.
  FileShare(std::shared_ptr<FileTree> tree, Directory staging, const UploadTable::Limits& limits);

  /// Finds the uploads of all users that an earlier server has kept: they have reserved quota.
  /// Once, before other calls.
  Result<void> load();

  FileTree& tree() { return *tree_; }

  /// Returns the uploads of a user, which live as long as this object.
  Result<UploadTable*> uploads_of(std::string_view user);

  /// Drops uploads and keys whose term has passed, and gives back what was freed when the disk
  /// failed.
  void sweep(FileTime now);

 private:
  Result<UploadTable*> open_uploads(const std::string& user);

  const std::shared_ptr<FileTree> tree_;
  const Directory staging_;
  const UploadTable::Limits limits_;
  Mutex mutex_;  ///< For the following; none is taken out.
  std::map<std::string, std::unique_ptr<UploadTable>, std::less<>> uploads_{};
};

}  // namespace hotline::services
