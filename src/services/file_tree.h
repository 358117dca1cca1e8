#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "hotline/services/file_path.h"
#include "services/durable_names.h"
#include "services/file_outcome.h"
#include "services/file_request.h"
#include "services/quota_account.h"

namespace hotline::services {

class SettledChange;

/// What DONE means: that the disk has it, or only the kernel.
enum class FileDurability : std::uint8_t { full, none };

/// If the user may replace files at all.
enum class Overwriting : std::uint8_t { refused, allowed };

/// Returns what the user may do with what exists. Fails if the user may make nothing, or no more.
/// Any thread; never waits.
using WriteCheck = std::function<FileOutcome<Overwriting>()>;

/// Fails if the user may not do what is being done, or no more. Any thread; never waits.
using RightCheck = std::function<FileOutcome<void>()>;

/// Where something new is to be, and what its user may do there: that is asked when a name is made
/// or replaced.
struct FileTarget {
  FilePath path{};
  MissingParents parents = MissingParents::fail;
  FileReplacement replacement{};
  WriteCheck may_write = [] { return Overwriting::allowed; };
};

/// Directories whose names have changed, and are not on the disk yet.
struct ChangedDirectories {
  std::map<std::string, Directory> directories{};  ///< By their paths.
  FreedQuota freed{};                              ///< By the changes.
};

/// The names in a home or a share, and the quota that they take. Its top is the home, or the path
/// that users have to the share; all paths are that or below it, what is not is `not_found`. Every
/// path is opened from the directory of the top by one openat2(2) that leaves it by no link or
/// mount; the rest happens by one name relative to the parent. It asks at the moment when a name is
/// made or replaced if the user may do that; where another right is needed, it asks the RightCheck
/// that it is given. A change that has begun is carried out, in a fiber that is cancelled too.
///
/// Any thread and fiber, several at once. Its lock is held while names and the quota change
/// together; reads do not take it. All calls suspend the fiber, except account() and is_top().
class FileTree {
 public:
  FileTree(Directory root, FileDurability durability, FilePath top = {});

  bool is_top(const FilePath& path) const { return path == top_; }

  QuotaAccount& account() { return account_; }
  const QuotaAccount& account() const { return account_; }
  FileDurability durability() const { return durability_; }

  /// Returns the status of what has the name.
  FileOutcome<FileStatus> status(const FilePath& path) const;

  FileOutcome<Directory> open_directory(const FilePath& path) const;

  /// Opens a regular file for reading.
  FileOutcome<DiskFile> open_file(const FilePath& path) const;

  /// Returns what a file of `size` bytes would take there in addition, as far as that can be known
  /// before its content. Fails if it could not be published now.
  FileOutcome<FileUsage> admit(const FileTarget& target, std::uint64_t size);

  /// Gives `file`, which is on the disk as `name` of `from`, its place, and settles the quota.
  /// Returns the status that it then has. It is durable after sync() of `changed`, to which it
  /// adds.
  FileOutcome<FileStatus> publish(const Directory& from, std::string_view name,
                                  const FileTarget& target, const FileStatus& file,
                                  QuotaReservation& reservation, ChangedDirectories& changed);

  /// The same while locking() is held.
  FileOutcome<FileStatus> publish_locked(const Directory& from, std::string_view name,
                                         const FileTarget& target, const FileStatus& file,
                                         QuotaReservation& reservation,
                                         ChangedDirectories& changed);

  /// Waits until the names are on the disk, and those of the directories on the way to them; at
  /// once with FileDurability::none. Then what was freed can be used.
  FileOutcome<void> sync(ChangedDirectories& changed);

  /// The same without the directories on the way: for names that are removed. `below` is how
  /// waiting for directories below these has ended: if it has failed, so does this, and what was
  /// freed cannot be used.
  FileOutcome<void> sync_removed(ChangedDirectories& changed, const FileOutcome<void>& below = {});

  /// Tries again what a failure of sync() or sync_removed() has left: until then what was freed
  /// cannot be used. To be called every few seconds.
  void sync_again();

  /// Waits until a name that is there already is on the disk; at once with FileDurability::none.
  FileOutcome<void> sync_name(const FilePath& path);

  // The following are durable when they succeed.

  /// With MissingParents::make it succeeds if there is such a directory. The replacement of
  /// `target` means nothing.
  FileOutcome<FileStatus> make_directory(const FileTarget& target);

  /// Fails with `exists` if there is anything.
  FileOutcome<FileStatus> make_new_directory(const FileTarget& target);

  /// Fails with `bad_name` if what is below a directory would then have a path that is none.
  /// `may_remove` is about the name `from`.
  FileOutcome<FileStatus> move(const FilePath& from, const FileTarget& target,
                               const RightCheck& may_remove);
  FileOutcome<FileStatus> set_meta(const SetFileMeta& request, const RightCheck& may_change);

  // For what changes names by itself, or several together: FileRemoval, FileRecount, FileCopy,
  // SmallFiles.

  /// Fails with `bad_name` if something below `from` would have a path that is none if it were
  /// below `to` in the same way. Reads the whole tree if `to` is the deeper or longer of both.
  FileOutcome<void> check_room_below(const FilePath& from, const FilePath& to) const;

  FileOutcome<Mutex::Lock> locking();

  /// Held while it is counted.
  Mutex& counting() { return counting_; }

  /// Opens a directory by its path relative to the top, which may be longer or deeper than those of
  /// the service.
  FileOutcome<Directory> open_for_recount(const std::string& path) const;

  /// Returns the inode of a directory if a recount needs it, or else 0.
  FileOutcome<std::uint64_t> inode_for_recount(const Directory& directory) const;

 private:
  /// Where a name is, or will be once the directories that are missing are made.
  struct Place {
    Directory parent;  ///< The innermost directory on the way that exists.
    FilePath parent_path{};
    std::vector<FilePath> missing{};  ///< Directories, the outermost first.
    std::optional<FileStatus> now{};  ///< What has the name.
  };

  FileOutcome<std::string> path_below(const FilePath& path) const;
  FileOutcome<Place> open_target(const FileTarget& target);
  FileOutcome<Place> open_place(const FilePath& path, MissingParents parents);
  FileOutcome<Place> look_for_place(const FilePath& path, MissingParents parents) const;
  FileOutcome<FileChange> change_at(const Place& place, FileUsage after) const;
  FileOutcome<Directory> make_missing(const Place& place, SettledChange& settled,
                                      ChangedDirectories& changed);
  FileOutcome<Directory> make_one(const Directory& parent, const FilePath& path,
                                  SettledChange& settled);
  FileOutcome<void> sync_names(const ChangedDirectories& changed) const;
  FileOutcome<void> sync_all(const ChangedDirectories& changed);
  void settle_freed(ChangedDirectories changed, const FileOutcome<void>& synced);
  FileOutcome<void> sync_way(FilePath path, const ChangedDirectories& synced,
                             std::uint64_t changes);
  FileOutcome<void> note_changed(const Directory& directory, const FilePath& path,
                                 ChangedDirectories& changed) const;
  FileOutcome<FileStatus> make_locked(const FileTarget& target, const Place& place,
                                      ChangedDirectories& changed);
  /// `paths_made` is what paths_made_ was when the room below the target was checked.
  FileOutcome<FileStatus> move_locked(const FilePath& from, const FileTarget& target,
                                      std::uint64_t paths_made, const RightCheck& may_remove,
                                      ChangedDirectories& changed);

  Directory root_;
  const FileDurability durability_;
  const FilePath top_;
  Mutex mutex_;
  Mutex counting_;
  QuotaAccount account_;
  std::atomic<std::uint64_t> paths_made_ = 0;  ///< Changed under the lock, after the change.
  DurableNames durable_names_;
  std::mutex unsynced_mutex_;                   ///< For unsynced_. Never held across a wait.
  std::vector<ChangedDirectories> unsynced_{};  ///< Those that have freed something.
};

}  // namespace hotline::services
