#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "services/file_home.h"
#include "services/file_ledger.h"
#include "services/file_outcome.h"
#include "services/file_shares.h"
#include "services/file_trees.h"
#include "services/file_users.h"

namespace hotline::services {

/// The storage of a server of files, in one directory of one file system:
///
///     ROOT/homes/NAME/      what the users see
///     ROOT/staging/NAME/    what is not published yet; no path leads to it
///     ROOT/users/NAME.toml  the users
///     ROOT/ledger           what each of them uses
///
/// and the shares: see FileShares.
///
/// One process has it at a time, so it is not for the concurrency `processes`, in which each call
/// would have locks of its own. Any thread and fiber. The calls suspend the fiber, or block a
/// thread without a loop.
class FileStore {
 public:
  /// Opens or makes what is missing below `root`, which is a directory. Fails with a hint if `root`
  /// is not private to the user that runs this program (mode 0700), if another server or endpoint
  /// has it, and if the kernel cannot confine paths (probe_confinement()). Users and
  /// shares that cannot be read are `faults`, and shares of users that there are not.
  static Result<std::unique_ptr<FileStore>> open(const std::string& root,
                                                 const FileHome::Options& options,
                                                 std::vector<Error>& faults);

  FileStore(const FileStore&) = delete;
  FileStore& operator=(const FileStore&) = delete;

  /// Returns the home of a user, which is made when it is asked for the first time. Fails with
  /// `not_permitted` if there is no such user or it is disabled: a caller learns no more. A home
  /// that was in use when a server was killed is FileHome::is_doubtful(), until maintain().
  FileOutcome<std::shared_ptr<FileHome>> home(std::string_view user);

  /// Returns true if there is such a user, who may be disabled. Before fibers and other threads use
  /// the store.
  bool has_user(std::string_view user) const { return users_.find(user) != nullptr; }

  /// Returns the home of the user with that user id of the system.
  FileOutcome<std::shared_ptr<FileHome>> home_of_uid(std::uint32_t uid);

  /// Reads the users again. A file that cannot be read changes nothing for its user, and is among
  /// the errors. Sessions of homes that are not FileHome::is_open() any more are to be ended.
  std::vector<Error> reload();

  /// To be called every few seconds: writes the ledgers where homes and shares have changed, drops
  /// what has expired, also of users who do not call any more, and, some minutes later, what users
  /// have begun to upload to shares that were taken away from them, and recounts a home and a share
  /// that were in use when a server was killed. Fails if a ledger cannot be written, and if what is
  /// counted cannot be: it is counted again later, after the others. One at a time.
  Result<void> maintain();

  /// Counts what a user uses again: see FileHome::recount().
  FileOutcome<FileUsage> recount(std::string_view user);

  FileShares& shares() { return *shares_; }

  /// Writes that the ledgers are right, so that the next start needs no recount. Once, when no home
  /// is used any more.
  Result<void> close();

 private:
  /// The home of one user. Members are for the holder of FileStore::mutex_.
  struct Place {
    Mutex opening;  ///< Held, across waits, while the home is opened; FileStore::mutex_ is not.
    std::shared_ptr<FileHome> home{};  ///< Null until it was opened.
  };
  using Homes = std::vector<std::shared_ptr<FileHome>>;

  FileStore(Directory root, Directory staging, FileTrees::Options trees, Directory homes,
            FileLedger ledger, FileUsers users, std::unique_ptr<FileShares> shares,
            const FileHome::Options& options);

  FileOutcome<std::shared_ptr<FileHome>> home_of(const std::optional<FileUser>& user);
  Result<std::shared_ptr<Place>> place_of(std::string_view user);
  Result<std::shared_ptr<FileHome>> open_home(const FileUser& user, Place& place);
  Result<std::shared_ptr<FileHome>> load_home(const FileUser& user);
  FileUser user_now(const FileHome& home);
  bool may_have(const std::string& user, std::string_view share);
  void note_unknown_shares(std::vector<Error>& faults);
  Result<Homes> opened_homes();
  Result<void> sweep_unopened(FileTime time);
  Result<void> sweep_staging_of(const std::string& user, FileTime time);

  const Directory root_;  ///< It has the lock.
  const Directory staging_;
  FileHome::Options options_;
  FileTrees trees_;
  const std::unique_ptr<FileShares> shares_;
  Mutex mutex_;  ///< For the following. Held across waits while users are written.
  FileUsers users_;
  std::map<std::string, std::shared_ptr<Place>, std::less<>> homes_{};

  // For maintain().
  std::vector<std::string> unswept_{};  ///< Users whose staging is still to be looked at.
  Instant look_at_{};                   ///< Then all of them are.
};

}  // namespace hotline::services
