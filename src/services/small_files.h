#pragma once

#include <optional>
#include <vector>

#include "hotline/services/file_requests.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"
#include "services/staged_content.h"
#include "services/upload_table.h"

namespace hotline::services {

/// Stores the content of FILE requests, several together: as few pieces of file work, and so that
/// the disk writes them at once. One fiber; the calls suspend it.
class SmallFiles {
 public:
  /// Both outlive it.
  SmallFiles(FileTree& tree, UploadTable& uploads) : tree_(tree), uploads_(uploads) {}

  /// Adds the file of a request, which must outlive finish(). Its outcome has the same place in
  /// that of finish().
  void add(const PutSmallFile& request, FileTarget target);

  /// Stores what was added, and publishes it in that order. Returns the outcomes. Once.
  std::vector<FileOutcome<FileVersion>> finish();

 private:
  struct Added {
    const PutSmallFile* request;
    FileTarget target{};
    UploadFacts facts{};
    std::optional<FileOutcome<FileVersion>> outcome{};  ///< Nothing: it is still to be published.
    std::optional<StagedContent> content{};
    std::optional<FileStatus> published{};
  };

  using Step = void (SmallFiles::*)(Added&);

  /// Every `stride`th of the files, from the one at `first` on.
  struct Part {
    std::size_t first = 0;
    std::size_t stride = 1;
  };

  bool is_decided() const;
  void perform(Step step, Part part);
  void attempt(Step step, Added& added);
  void perform_all(Step step);
  void refuse_rest(const FileError& error, Part part);
  void find_earlier(Added& added);
  FileOutcome<std::optional<FileVersion>> earlier_version(const UploadFacts& facts);
  void stage(Added& added);
  FileOutcome<StagedContent> write(const Added& added);
  void sync_all();
  void sync(Added& added);
  void publish_all();
  void publish(Added& added);

  FileTree& tree_;
  UploadTable& uploads_;
  std::vector<Added> added_{};
  ChangedDirectories changed_{};
};

}  // namespace hotline::services
