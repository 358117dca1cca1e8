#pragma once

#include <initializer_list>
#include <mutex>
#include <utility>

#include "services/file_outcome.h"
#include "services/file_quota.h"
#include "services/file_tree.h"
#include "services/upload_table.h"

namespace hotline::services {

/// What a user has of one tree, which is the home or a share: the rights, and the unfinished
/// uploads. Any thread; never waits.
class FileView {
 public:
  using Right = bool FileRights::*;

  /// Both outlive it. Until set_rights() all is refused.
  FileView(FileTree& tree, UploadTable& uploads) : tree_(tree), uploads_(uploads) {}
  FileView(const FileView&) = delete;
  FileView& operator=(const FileView&) = delete;

  FileTree& tree() const { return tree_; }
  UploadTable& uploads() const { return uploads_; }

  /// Takes what the user may do from now on, or why nothing.
  void set_rights(FileOutcome<FileRights> rights);

  /// Returns the rights; none if nothing is allowed.
  FileRights rights() const;

  /// Fails with `not_permitted` if the user does not have all of these rights.
  FileOutcome<void> check(std::initializer_list<Right> wanted) const;

  /// Fails with `not_permitted` if the user may not write.
  FileOutcome<Overwriting> check_writing() const;

  // This object outlives what these return.

  /// Returns a check for what takes long: the right may be taken away in the meantime.
  RightCheck right_check(Right right) const {
    return [this, right] { return check({right}); };
  }

  /// Returns a place for something that this user makes.
  FileTarget target(const FilePath& path, MissingParents parents,
                    const FileReplacement& replacement = {}) const {
    return {path, parents, replacement, [this] { return check_writing(); }};
  }

 private:
  FileTree& tree_;
  UploadTable& uploads_;
  mutable std::mutex mutex_;
  FileOutcome<FileRights> rights_ = refuse(FileErrorCode::not_permitted);
};

}  // namespace hotline::services
