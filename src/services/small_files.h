#pragma once

#include <optional>
#include <vector>

#include "hotline/services/file_requests.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"
#include "services/staged_content.h"
#include "services/upload_table.h"

namespace hotline::services {

/// Stores the content of FILE requests, several together: the disk then writes them at once. One
/// fiber; the calls suspend it.
class SmallFiles {
 public:
  /// Both outlive it.
  SmallFiles(FileTree& tree, UploadTable& uploads) : tree_(tree), uploads_(uploads) {}

  /// Stages the file of a request. Its outcome has the same place in that of finish().
  void add(const PutSmallFile& request, const FileTarget& target);

  /// Publishes what was added, in that order, and returns the outcomes. Once.
  std::vector<FileOutcome<FileVersion>> finish();

 private:
  struct Added {
    UploadFacts facts{};
    FileOutcome<FileVersion> outcome{};  ///< For content that is not to be published any more.
    std::optional<StagedContent> content{};
    std::optional<FileStatus> published{};
  };

  FileOutcome<FileVersion> stage(const PutSmallFile& request, const FileTarget& target,
                                 Added& added);
  FileOutcome<std::optional<FileVersion>> find_earlier(const UploadFacts& facts);
  FileOutcome<StagedContent> write(const PutSmallFile& request, const FileTarget& target);
  void sync(Added& added);
  void publish(Added& added, ChangedDirectories& changed);

  FileTree& tree_;
  UploadTable& uploads_;
  std::vector<Added> added_{};
};

}  // namespace hotline::services
