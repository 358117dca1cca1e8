#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "hotline/engine/directory.h"
#include "hotline/services/file_requests.h"
#include "hotline/services/upload_entry.h"
#include "services/file_lister.h"
#include "services/file_outcome.h"
#include "services/file_quota.h"
#include "services/file_reply.h"
#include "services/file_tree.h"
#include "services/file_user.h"
#include "services/opened_file.h"
#include "services/upload_hold.h"
#include "services/upload_table.h"

namespace hotline::services {

/// What PUT leads to: an upload to be sent, or the version of the file that an earlier PUT with the
/// same key has published.
using BegunUpload = std::variant<UploadHold, FileVersion>;

/// The home of one user: docs/wire/files.md says what each request means. All sessions of a user
/// share it, and each call checks the rights that the user has at that moment.
///
/// Any thread and fiber, several at once. What locks what:
/// - The lock of the home (FileTree) is held, across waits, while a name changes and the quota is
///   settled; in long removals and recounts for one part after another. Reads do not take it.
/// - The lock of each upload (StagedUpload) is held while the upload is written. The home may be
///   locked after it, not before it.
/// - The lock of UploadTable::beginning() is held while an upload is looked up by its key and
///   begun. Both others may be locked after it, not before it.
/// - The quota and the tables have locks that are never held across a wait.
///
/// All calls suspend the fiber, except those on which it says "never waits". They fail with
/// `not_permitted` if the user has no right to it or is disabled, also when a name is to be changed
/// at the end of something long, and with `draining` in a fiber
/// that is cancelled: a request that makes several changes, such as REMOVE of a tree, is then
/// carried out in part. FileError::kept is never set here: see UploadHold::confirmed().
class FileHome {
 public:
  struct Options {
    FileQuota::ServerId server{};
    FileDurability durability = FileDurability::full;
    UploadTable::Limits uploads{};
  };

  /// `root` and `staging` are on one file system, and used by nothing else.
  FileHome(Directory root, Directory staging, FileUser user, const Options& options);
  FileHome(const FileHome&) = delete;
  FileHome& operator=(const FileHome&) = delete;

  /// Finds the uploads that an earlier server has kept. `used` is what the home takes; nullopt: it
  /// is counted. Once, before other calls.
  Result<void> load(const std::optional<FileUsage>& used);

  /// Returns the user, as the file of the user described it last. Never waits.
  FileUser user() const;

  /// Takes what the file of the user says now. Calls in progress heed it when they next change a
  /// name. Never waits.
  void set_user(const FileUser& user);

  /// Returns false once the user is disabled: its sessions are to end. Never waits.
  bool is_open() const;

  // Never wait.

  /// Fails with `not_permitted` if the user may not write, or no more. For what takes long: an
  /// upload is refused then without waiting for its end.
  FileOutcome<Overwriting> check_writing() const;

  /// Fails with `not_permitted` if the user may not read, or no more. For what takes long too.
  FileOutcome<void> check_reading() const { return check({&FileRights::can_read}); }

  FileRights rights() const;
  FileQuota quota() const;

  // LIST, STAT, GET, HASHES. Only a file has a root and a digest; MetaReply has them if the request
  // wants either.

  FileOutcome<FileLister> list(const ListDirectory& request);
  FileOutcome<MetaReply> stat(const StatFile& request);
  FileOutcome<OpenedFile> open(const FilePath& path, const FileVersion& expected);
  FileOutcome<BlockList> hashes(const GetHashes& request);

  /// PUT. Reserves the size, takes over an upload with the same key, path and size, and fails at
  /// once with what is known before the content: `exists`, `bad_name`, `changed`, the quotas.
  FileOutcome<BegunUpload> put(const PutFile& request);

  /// FILE. Its content must be what the request says: see fault_in_content().
  FileOutcome<FileVersion> store(const PutSmallFile& request);

  /// Same as store() for each of `requests`, in order, with fewer waits for the disk. The outcomes
  /// are in the same order. For up to some 64 of them.
  std::vector<FileOutcome<FileVersion>> store_all(std::span<const PutSmallFile> requests);

  // MKDIR, REMOVE, MOVE, COPY, SETMETA. Each returns the version for DONE.

  FileOutcome<FileVersion> make_directory(const MakeDirectory& request);
  FileOutcome<FileVersion> remove(const RemoveFile& request);
  FileOutcome<FileVersion> move(const MoveFile& request);
  FileOutcome<FileVersion> copy(const CopyFile& request);
  FileOutcome<FileVersion> set_meta(const SetFileMeta& request);

  // UPLOADS and DROP.

  FileOutcome<std::vector<UploadEntry>> uploads() const;
  FileOutcome<FileVersion> drop(const UploadKey& key);

  // For the store.

  /// Drops uploads and keys whose term has passed, and gives back what was freed when the disk
  /// failed.
  void sweep(FileTime now) {
    uploads_.sweep(now);
    tree_.sync_again();
  }

  /// Notes that more may be in use than used(): what grows is refused with `busy` until recount()
  /// has succeeded, unless there is no quota. Never waits.
  void doubt_used() { tree_.account().doubt_used(); }
  bool is_doubtful() const { return tree_.account().is_doubtful(); }

  /// Counts what is used, while the home is in use, and corrects the quota.
  FileOutcome<FileUsage> recount();

  /// Returns what is used. Never waits.
  FileUsage used() const { return tree_.account().used(); }

  /// Returns true if what is used has changed since the last call. Never waits.
  bool take_changed() { return tree_.account().take_changed(); }

 private:
  using Right = bool FileRights::*;

  FileOutcome<void> check(std::initializer_list<Right> wanted) const;
  RightCheck right_check(Right right) const {
    return [this, right] { return check({right}); };
  }
  FileOutcome<UploadHold> begin_upload(const PutFile& request, const FileTarget& target);
  FileOutcome<UploadHold> hold(const std::shared_ptr<StagedUpload>& staged, const PutFile& request,
                               const FileTarget& target);

  const Options options_;
  mutable std::mutex mutex_;  ///< For user_. Never held across a wait.
  FileUser user_;
  FileTree tree_;
  UploadTable uploads_;
  Mutex recounting_;  ///< Held while it is counted.
};

}  // namespace hotline::services
