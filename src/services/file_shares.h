#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "services/file_outcome.h"
#include "services/file_share.h"
#include "services/file_share_terms.h"
#include "services/file_trees.h"
#include "services/upload_table.h"

namespace hotline::services {

/// The shares of a store, in its root:
///
///     ROOT/shares/NAME.toml           what each may take
///     ROOT/shared/NAME/               what is in it
///     ROOT/shared-staging/NAME/USER/  what is not published yet; no path leads to it
///     ROOT/shared-ledger              what each takes
///
/// Any thread and fiber. The calls suspend the fiber.
class FileShares {
 public:
  struct Options {
    FileDurability durability = FileDurability::full;
    UploadTable::Limits uploads{};
    UploadTable::Report report{};  ///< Gets what cannot be read of the uploads.
  };

  /// Opens or makes what is missing below `root`. Shares that cannot be read are `faults`.
  static Result<std::unique_ptr<FileShares>> open(const Directory& root, const Options& options,
                                                  std::vector<Error>& faults);

  /// Returns true if there is such a share. Never waits for what is opened or counted.
  bool has(std::string_view name);

  /// Returns a share, which is opened when it is asked for the first time. Fails with `not_found`
  /// if there is no such share, and only then.
  FileOutcome<std::shared_ptr<FileShare>> share(std::string_view name);

  /// Reads the shares again. What cannot be read changes nothing, and is among the errors.
  std::vector<Error> reload();

  /// Returns true if a user has a share, as far as that is known.
  using HasShare = std::function<bool(const std::string& user, std::string_view share)>;

  /// To be called every few seconds: opens a share that is not open yet, so that the uploads to it
  /// that are kept expire; then does what FileStore::maintain() says. `has_share` decides which
  /// uploads FileShare::sweep() drops. Fails once with a share that cannot be opened, until it can.
  Result<void> maintain(FileTime time, const HasShare& has_share);

  /// Counts what a share takes. Fails with `not_found`.
  FileOutcome<FileUsage> recount(std::string_view name);

  /// Once, when no share is used any more: see FileTrees::close().
  Result<void> close() { return trees_.close(); }

 private:
  /// One share. Members are for the holder of FileShares::mutex_.
  struct Place {
    Mutex opening;  ///< Held, across waits, while the share is opened; FileShares::mutex_ is not.
    std::shared_ptr<FileShare> share{};  ///< Null until it was opened.
  };

  FileShares(Directory staging, FileShareFiles files, FileLedger ledger, Directory shared,
             const Options& options);

  Result<std::shared_ptr<Place>> place_of(const std::string& name);
  Result<std::shared_ptr<FileShare>> open_share(const std::string& name, Place& place);
  Result<std::string> next_unopened();
  Result<void> open_next();
  using Opened = std::vector<std::pair<std::string, std::shared_ptr<FileShare>>>;
  Result<Opened> opened();

  const Directory staging_;
  const Options options_;
  FileTrees trees_;
  Mutex mutex_;  ///< For the following. Held across waits while the files are read.
  FileShareFiles files_;
  std::map<std::string, std::shared_ptr<Place>, std::less<>> places_{};
  std::string tried_{};  ///< What maintain() has opened last.

  // For maintain().
  std::set<std::string> unopened_{};  ///< Shares that cannot be opened, which was reported.
};

}  // namespace hotline::services
