#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hotline/engine/directory.h"
#include "hotline/services/file_requests.h"
#include "hotline/services/upload_entry.h"
#include "services/file_lister.h"
#include "services/file_outcome.h"
#include "services/file_quota.h"
#include "services/file_reply.h"
#include "services/file_share.h"
#include "services/file_tree.h"
#include "services/file_user.h"
#include "services/file_view.h"
#include "services/opened_file.h"
#include "services/upload_hold.h"
#include "services/upload_table.h"

namespace hotline::services {

/// What PUT leads to: an upload to be sent, or the version of the file that an earlier PUT with the
/// same key has published.
using BegunUpload = std::variant<UploadHold, FileVersion>;

/// The home of one user, and in it the shares that the user sees, as directories: a path whose
/// first component is the name of a share is one of the share, and hides what the home has there.
/// docs/wire/files.md says what each request means. All sessions of a user share it, and each call
/// checks the rights that the user has at that moment, in the home or in the share.
///
/// Any thread and fiber, several at once. What locks what:
/// - The lock of a tree (FileTree), which is the home or a share, is held, across waits, while a
///   name changes and the quota is settled; in long removals and recounts for one part after
///   another. Reads do not take it. No call has the locks of two trees.
/// - The lock of each upload (StagedUpload) is held while the upload is written. The tree may be
///   locked after it, not before it.
/// - The lock of UploadTable::beginning() is held while an upload is looked up by its key and
///   begun. Both others may be locked after it, not before it.
/// - The lock under which a share is opened is held before any of these.
/// - The quota and the tables have locks that are never held across a wait.
///
/// All calls suspend the fiber, except those on which it says "never waits". They fail with
/// `not_permitted` if the user has no right to it or is disabled, also when a name is to be changed
/// at the end of something long, and with `draining` in a fiber
/// that is cancelled: a request that makes several changes, such as REMOVE of a tree, is then
/// carried out in part. FileError::kept is never set here: see UploadHold::confirmed().
class FileHome {
 public:
  /// Returns a share that the store has. Any thread and fiber; suspends the fiber.
  using OpenShare = std::function<FileOutcome<std::shared_ptr<FileShare>>(std::string_view name)>;

  struct Options {
    FileQuota::ServerId server{};
    FileDurability durability = FileDurability::full;
    UploadTable::Limits uploads{};
    OpenShare open_share{};        ///< Not null if the user has shares.
    UploadTable::Report report{};  ///< See UploadTable::load().
  };

  /// `tree` and `staging` are on one file system, and used by nothing else.
  FileHome(std::shared_ptr<FileTree> tree, Directory staging, const FileUser& user,
           Options options);
  FileHome(const FileHome&) = delete;
  FileHome& operator=(const FileHome&) = delete;

  /// Finds the uploads that an earlier server has kept. Once, before other calls.
  Result<void> load() { return uploads_.load(options_.report); }

  /// Returns the user, as the file of the user described it last. Never waits.
  FileUser user() const;

  /// Takes what the file of the user says now; `user.shares` are those that there are. Calls in
  /// progress heed it when they next change a name. Never waits.
  void set_user(const FileUser& user);

  /// Returns false once the user is disabled: its sessions are to end. Never waits.
  bool is_open() const;

  // Those of the home, without the shares. Never wait.

  FileRights rights() const { return own_.rights(); }
  FileQuota quota() const;

  /// QUOTA: that of the home, or of the share that the path leads to.
  FileOutcome<FileQuota> quota(const GetQuota& request);

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

  // UPLOADS and DROP: those of this user, in the home and in the shares.

  FileOutcome<std::vector<UploadEntry>> uploads();
  FileOutcome<FileVersion> drop(const UploadKey& key);

  // For the store.

  /// Drops uploads and keys whose term has passed, and gives back what was freed when the disk
  /// failed.
  void sweep(FileTime now) {
    uploads_.sweep(now);
    tree_->sync_again();
  }

  bool is_doubtful() const { return tree_->account().is_doubtful(); }

  /// Counts what the home takes, while it is in use, and corrects the quota.
  FileOutcome<FileUsage> recount();

  /// Returns what the home takes. Never waits.
  FileUsage used() const { return tree_->account().used(); }

 private:
  struct OpenedShare {
    OpenedShare(std::shared_ptr<FileShare> opened, UploadTable& uploads)
        : share(std::move(opened)), view(share->tree(), uploads) {}

    std::shared_ptr<FileShare> share;
    FileView view;
  };

  using View = FileOutcome<const FileView*>;

  View view_of(const FilePath& path);
  View view_for(const FilePath& path, std::initializer_list<FileView::Right> wanted);
  View open_share(const std::string& name);
  std::vector<View> all_views();
  FileQuota quota_of(const FileView& view) const;
  FileOutcome<FileRights> rights_in(std::string_view share) const;
  std::vector<std::string> share_names() const;
  std::vector<FileLister::Mounted> mounted_for(const ListDirectory& request);
  bool has_key_elsewhere(const FileView& view, const UploadKey& key) const;
  bool leads_to(const FilePath& path, const FileView& view) const;
  FileOutcome<UploadHold> begin_upload(const FileView& view, const PutFile& request,
                                       const FileTarget& target);
  FileOutcome<UploadHold> hold(const FileView& view, const std::shared_ptr<StagedUpload>& staged,
                               const PutFile& request, const FileTarget& target);

  const Options options_;
  const std::shared_ptr<FileTree> tree_;
  UploadTable uploads_;
  FileView own_;
  Mutex opening_;             ///< Held, across waits, while a share is opened.
  mutable std::mutex mutex_;  ///< For the following. Never held across a wait.
  FileUser user_;
  std::map<std::string, std::unique_ptr<OpenedShare>, std::less<>> shares_{};  ///< None goes.
};

}  // namespace hotline::services
