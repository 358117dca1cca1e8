#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "hotline/services/upload_entry.h"
#include "services/file_outcome.h"
#include "services/quota_account.h"
#include "services/staged_upload.h"
#include "services/upload_state.h"

namespace hotline::services {

/// The unfinished uploads of one user, and the keys of those that were published. The state file of
/// a published upload stays as long as its key is known. Any thread and fiber. Calls suspend the
/// fiber, except those on which it says "never waits".
class UploadTable {
 public:
  struct Limits {
    std::size_t uploads_max = 1'000;
    std::size_t keys_max = 1'024;  ///< A further one pushes the oldest out.
    Duration upload_term = std::chrono::days(7);
    Duration key_term = std::chrono::days(1);
    Duration unshared_term = std::chrono::minutes(10);  ///< After their share was taken away.
  };

  /// An upload that was published.
  struct Published {
    UploadFacts facts{};
    PublishedFile file{};
    FileTime when{};
    bool has_state_file = false;
  };

  /// `account` outlives it.
  UploadTable(Directory staging, QuotaAccount& account, const Limits& limits);

  const Directory& staging() const { return staging_; }

  /// Gets what could not be read or removed, for the log.
  using Report = std::function<void(const Error&)>;

  /// Finds what an earlier server has kept, and removes all else from the staging. What cannot be
  /// read stays there, is passed to `report` unless that is null, and closes nothing else; sweep()
  /// tries again. Fails, without a report, if the staging cannot be listed, and if the server has
  /// no means for it at this moment. Once, before the other calls.
  Result<void> load(const Report& report = {});

  /// Held while an upload is looked up by its key and begun, so that no key begins twice, and while
  /// files are removed by the name of a key.
  Mutex& beginning() { return beginning_; }

  /// Returns null if there is none. Never waits.
  std::shared_ptr<StagedUpload> find(const UploadKey& key) const;

  /// Returns what was published with that key. Never waits.
  std::optional<Published> find_published(const UploadKey& key) const;

  /// Makes a new upload. Fails with `too_many_uploads`, and with `storage` if the disk may have one
  /// with that key that cannot be read.
  FileOutcome<std::shared_ptr<StagedUpload>> begin(const UploadFacts& facts,
                                                   QuotaReservation reservation);

  /// Takes an upload that was published out of the table, and notes its key. beginning() is not
  /// held.
  void note_published(const StagedUpload& upload, const FileStatus& status);

  /// Notes the key of a small file, without a state file.
  void note_published(const UploadFacts& facts, const FileStatus& status);

  /// Drops a key: what was published with it is no longer there. beginning() is held.
  void forget_published(const UploadKey& key);

  /// Drops an upload, and takes it out of the table; beginning() is held, so that none with the
  /// same names begins in between. Also in a fiber that is cancelled.
  void drop(const std::shared_ptr<StagedUpload>& upload);

  /// Returns those that have a key, the oldest first. Never waits.
  std::vector<UploadEntry> entries() const;

  /// Drops uploads without a hold.
  void drop_idle();

  /// Drops uploads without a hold that cannot be resumed or have not grown for their term, and keys
  /// after theirs. Reads again what could not be read.
  void sweep(FileTime now);

 private:
  using Uploads = std::vector<std::shared_ptr<StagedUpload>>;
  using Names = std::map<std::string, Result<FileStatus>>;

  Result<void> load_all(const Names& names, std::vector<Error>& faults);
  Result<void> load_one(const std::string& name, const Names& names);
  void load_unread();
  void note_unread(const std::string& name);
  bool is_unread(const UploadKey& key) const;
  void load_upload(UploadState state, const FileStatus& part);
  void take_out(const StagedUpload& upload);
  void add_published(Published published);
  void remove_state(const UploadKey& key);
  void end_keys(FileTime now);
  void remove_ended_keys(FileTime now);
  bool has_ended_keys(FileTime now) const;
  bool is_oldest_over(FileTime now) const;
  /// Takes them out of the table, and returns those with a state file.
  std::vector<UploadKey> take_ended_keys(FileTime now);
  Uploads idle_uploads() const;

  const Directory staging_;
  QuotaAccount& account_;
  const Limits limits_;
  Mutex beginning_;
  mutable std::mutex mutex_;  ///< For the following. Never held across a wait.
  Uploads uploads_{};
  std::map<UploadKey, Published> published_{};
  std::set<std::pair<FileTime, UploadKey>> ages_{};  ///< The oldest first.
  std::set<std::string> unread_{};                   ///< State files of uploads not to be touched.
};

}  // namespace hotline::services
