#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/deadline.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/mutex.h"
#include "hotline/services/file_requests.h"
#include "hotline/services/upload_entry.h"
#include "services/block_list.h"
#include "services/file_outcome.h"
#include "services/file_tree.h"
#include "services/gathered_writes.h"
#include "services/quota_account.h"
#include "services/upload_state.h"

namespace hotline::services {

/// An upload in the staging of a home: a file `.part` with what has arrived and, if it has a key, a
/// file `.state` with what of that is known to be on the disk. Shared by its hold (UploadHold) and
/// the table of uploads. Any thread and fiber. Its lock is held across waits while it is written;
/// then the home may be locked too, never the other way round. Calls suspend the fiber, except
/// those on which it says "never waits".
class StagedUpload {
 public:
  /// The state file is written after so many blocks, or so much time.
  static constexpr std::uint64_t kCheckpointBlocks = 64;
  static constexpr Duration kCheckpointTime = std::chrono::seconds(5);

  // What the names of its files end with; what a key has before it is its hexadecimal form.
  static constexpr std::string_view kPartSuffix = ".part";
  static constexpr std::string_view kStateSuffix = ".state";

  /// `staging` outlives it. A key of zeros: it cannot be resumed.
  StagedUpload(const Directory& staging, UploadFacts facts, QuotaReservation reservation);

  /// Makes its files. Once. If it fails, there are none.
  FileOutcome<void> make();

  /// Takes what an earlier server has kept. Once, instead of make(). Never waits.
  void load(const UploadState& state, FileTime last_byte);

  const UploadFacts& facts() const { return facts_; }
  bool has_key() const { return facts_.key != UploadKey{}; }

  /// Returns the entry for UPLOADS. Never waits.
  UploadEntry entry() const;

  /// Begins a hold, which ends the one before it, and returns its number. What is published is
  /// described by `request` and `target`. Fails with `taken_over` if the upload is gone.
  FileOutcome<std::uint64_t> begin_hold(const PutFile& request, const FileTarget& target);

  /// Ends a hold, if it is still the current one. Never waits.
  void end_hold(std::uint64_t hold) noexcept { hold_.compare_exchange_strong(hold, 0); }
  bool is_held_by(std::uint64_t hold) const noexcept { return hold_ == hold; }
  bool is_held() const noexcept { return hold_ != 0; }

  /// Returns true if it was published or dropped. Never waits.
  bool is_gone() const noexcept { return is_gone_; }

  // For a hold: these fail with `taken_over` if it is not the current one. See UploadHold.

  /// Returns the hashes of whole blocks that are confirmed.
  FileOutcome<std::vector<BlockHash>> blocks(std::uint64_t hold);
  FileOutcome<void> write(std::uint64_t hold, std::uint64_t offset, Bytes bytes);
  FileOutcome<void> write_hole(std::uint64_t hold, std::uint64_t offset, std::uint64_t length);
  FileOutcome<void> confirm(std::uint64_t hold, const BlockList& blocks);
  FileOutcome<FileDigest> digest(std::uint64_t hold, FileDigestKind kind, std::uint64_t size);

  /// Writes the state file, closes both files and ends the hold.
  FileOutcome<void> leave(std::uint64_t hold);

  /// Publishes it. It is_gone() afterwards, also if that fails with `storage`.
  FileOutcome<FileStatus> publish(std::uint64_t hold, std::uint64_t size, FileTree& tree);

  /// Ends every hold and removes the files, also in a fiber that is cancelled. Returns when no call
  /// of a hold is in progress.
  void drop();

  /// Closes the files if there is no hold.
  void close_idle();

  /// Removes the state file of an upload that is gone.
  void remove_state();

 private:
  FileOutcome<Mutex::Lock> lock_for(std::uint64_t hold);
  FileOutcome<void> open_files();
  FileOutcome<void> advance(std::uint64_t offset, std::uint64_t length);
  FileOutcome<void> go_back(std::uint64_t offset);
  FileOutcome<void> cut_at(std::uint64_t offset);
  FileOutcome<void> make_room(std::uint64_t end);
  FileOutcome<void> write_checkpoint();
  FileOutcome<void> verify_loaded();
  FileOutcome<void> append(std::string_view record);
  FileOutcome<FileStatus> complete(std::uint64_t size, FileDurability durability);
  std::unexpected<FileError> give_up_after(const Error& error);
  void remove();
  std::uint64_t whole_blocks() const;
  void note_byte();
  void close_files();
  void end();

  const Directory& staging_;
  const UploadFacts facts_;
  const std::string part_name_;
  const std::string state_name_;
  std::atomic<std::uint64_t> hold_ = 0;       ///< 0: none.
  std::atomic<std::uint64_t> confirmed_ = 0;  ///< Whole blocks.
  std::atomic<std::int64_t> last_byte_ = 0;   ///< Nanoseconds since 1970.
  std::atomic<bool> is_gone_ = false;         ///< Changed under the lock.

  Mutex mutex_;  ///< For the following.
  QuotaReservation reservation_;
  std::uint64_t holds_ = 0;
  FileTarget target_{};
  FileTime modified_{};
  bool is_executable_ = false;
  std::optional<DiskFile> data_{};
  std::optional<DiskFile> state_{};
  GatheredWrites unwritten_{};        ///< The last bytes before position_.
  std::uint64_t position_ = 0;        ///< Where the next byte belongs.
  std::vector<BlockHash> blocks_{};   ///< Those that are confirmed.
  std::uint64_t begun_blocks_ = 0;    ///< Those that the disk was asked to write.
  std::uint64_t written_blocks_ = 0;  ///< Those that are in the state file.
  std::uint64_t loaded_blocks_ = 0;   ///< Those that an earlier server has written.
  std::uint64_t state_size_ = 0;
  Instant checkpoint_at_{};
};

}  // namespace hotline::services
