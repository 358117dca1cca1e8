#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "hotline/core/deadline.h"
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
  /// nothing else. `report`, which may be null, gets what cannot be read of it, for the log.
  FileShare(std::shared_ptr<FileTree> tree, Directory staging, const UploadTable::Limits& limits,
            UploadTable::Report report = {});

  /// Finds the uploads of all users that an earlier server has kept: they have reserved quota. A
  /// user whose uploads cannot be read is refused by uploads_of() until they can; the others are
  /// not. Fails if `staging` cannot be listed. Once, before other calls.
  Result<void> load();

  FileTree& tree() { return *tree_; }

  /// Returns the uploads of a user, which live as long as this object.
  Result<UploadTable*> uploads_of(std::string_view user);

  /// Returns true if a user has the share, or may have it again without its operator.
  using HasUser = std::function<bool(const std::string& user)>;

  /// Drops uploads and keys whose term has passed, and the uploads of users that `has_user` has not
  /// named for Limits::unshared_term, since this object is there; gives back what was freed when
  /// the disk failed, and tries again to read the uploads that could not be read. One at a time.
  void sweep(FileTime now, const HasUser& has_user);

 private:
  Result<UploadTable*> open_uploads(const std::string& user, const UploadTable::Report& report);
  Result<UploadTable*> load_uploads(const std::string& user, const UploadTable::Report& report);
  bool has_ended(const std::string& user, const HasUser& has_user);

  const std::shared_ptr<FileTree> tree_;
  const Directory staging_;
  const UploadTable::Limits limits_;
  const UploadTable::Report report_;
  Mutex mutex_;  ///< For the following; none is taken out.
  std::map<std::string, std::unique_ptr<UploadTable>, std::less<>> uploads_{};
  std::set<std::string> unread_{};  ///< Users whose uploads cannot be read, which was reported.

  // For sweep().
  std::map<std::string, Instant> gone_since_{};  ///< Users who do not have the share any more.
};

}  // namespace hotline::services
