#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hotline/core/bytes.h"
#include "services/block_list.h"
#include "services/file_outcome.h"
#include "services/file_payload.h"
#include "services/file_view.h"
#include "services/staged_upload.h"

namespace hotline::services {

/// The hold of one stream on an upload. A later hold takes the upload over: this one fails with
/// `taken_over` from then on. What arrives is checked by FileClientRules; this stores it:
///
///     ... KEPT {upload.kept(), root_of(upload.kept_hashes(), upload.kept())} ...
///     while (...) {
///       upload.write(offset, bytes) or upload.write_hole(offset, length)
///       upload.confirm(blocks)              // BLOCKS of the client that were right
///     }
///     upload.publish(size)                  // when FileClientRules::is_proven()
///     upload.leave()                        // in every case
///
/// After `storage` the upload may be dropped: kept() of a next hold is 0 then. The home outlives
/// it. One fiber at a time; the calls suspend it. Move only.
class UploadHold {
 public:
  /// `hold` is one of `staged`, with these blocks kept. `view` is that of its user.
  UploadHold(std::shared_ptr<StagedUpload> staged, std::uint64_t hold, std::vector<BlockHash> kept,
             const FileView& view);
  UploadHold(UploadHold&&) noexcept = default;
  UploadHold& operator=(UploadHold&&) = delete;

  /// Ends the hold as it is, without I/O: without leave() what is kept is known to this server
  /// only, as far as the state file does not have it.
  ~UploadHold();

  /// Returns where the content may begin: how much was kept when the hold began. Whole blocks.
  std::uint64_t kept() const { return kept_hashes_.size() * kFileBlockBytes; }

  /// Returns the hashes of the blocks before kept().
  const std::vector<BlockHash>& kept_hashes() const { return kept_hashes_; }

  /// Writes bytes where the last ones ended. The first write may begin at a block before kept():
  /// what was kept from there on is dropped. If the size was not known, it reserves quota, and
  /// fails with `quota_bytes`.
  FileOutcome<void> write(std::uint64_t offset, Bytes bytes);

  /// Leaves a hole, which counts in full.
  FileOutcome<void> write_hole(std::uint64_t offset, std::uint64_t length);

  /// Notes hashes of blocks that were written and are right, in order. Now and then it waits for
  /// the disk and writes the state file, after which they outlive the server.
  FileOutcome<void> confirm(const BlockList& blocks);

  /// Returns how many bytes are kept now: those of whole confirmed blocks. For FileError::kept.
  std::uint64_t confirmed() const;

  /// Reads all that was written, `size` bytes, for its digest.
  FileOutcome<FileDigest> digest(FileDigestKind kind, std::uint64_t size);

  /// Gives the file its name; the content of `size` bytes was written and proven. On success it is
  /// durable, and the upload has ended. After failures other than `storage` it is kept, and the
  /// same key can be published later, such as with another FileReplacement.
  FileOutcome<FileVersion> publish(std::uint64_t size);

  /// Ends the hold in order, also in a fiber that is cancelled: keeps what is confirmed for the
  /// next one, or drops the upload if nothing is or it has no key. Idempotent.
  void leave();

  /// Fails with `not_permitted` if the user may not write any more: an upload is refused then
  /// without waiting for its end. Never waits.
  FileOutcome<Overwriting> check_writing() const { return view_->check_writing(); }

  /// Returns true if another hold has taken the upload over, or it was dropped.
  bool is_taken_over() const;

 private:
  bool drop_unkept(const std::shared_ptr<StagedUpload>& staged);
  std::shared_ptr<StagedUpload> staged_;  ///< Null when the hold has ended.
  std::uint64_t hold_;
  std::vector<BlockHash> kept_hashes_;
  const FileView* view_;
};

}  // namespace hotline::services
