#pragma once

#include <string>

#include "hotline/engine/directory.h"
#include "hotline/engine/disk_file.h"
#include "hotline/services/file_meta.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"
#include "services/quota_account.h"

namespace hotline::services {

/// A new file in the staging of a home that is written and published at once: of FILE and COPY. The
/// names of those that a server has not published when it ends are those of no upload, so the next
/// one removes them. One fiber; the calls suspend it. Move only.
class StagedContent {
 public:
  StagedContent(StagedContent&& other) noexcept;
  StagedContent& operator=(StagedContent&&) = delete;

  /// Removes it, also in a fiber that is cancelled, unless it was published.
  ~StagedContent();

  /// `staging` outlives it.
  static FileOutcome<StagedContent> make(const Directory& staging, const FileTarget& target,
                                         QuotaReservation reservation);

  DiskFile& file() { return file_; }
  const FileTarget& target() const { return target_; }

  /// Sets what is kept besides the content. After the last write.
  FileOutcome<void> describe(const FileMeta& meta);

  /// Waits until the disk has it. After a failure it must be destroyed.
  FileOutcome<void> sync();

  /// Gives it its name; durable after FileTree::sync().
  FileOutcome<FileStatus> publish(FileTree& tree, ChangedDirectories& changed);

  /// The same while the tree is locked.
  FileOutcome<FileStatus> publish_locked(FileTree& tree, ChangedDirectories& changed);

 private:
  StagedContent(const Directory& staging, std::string name, DiskFile file, FileTarget target,
                QuotaReservation reservation);

  const Directory* staging_;
  std::string name_;  ///< Empty when it was published.
  DiskFile file_;
  FileTarget target_;
  QuotaReservation reservation_;
};

}  // namespace hotline::services
