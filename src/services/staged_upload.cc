#include "services/staged_upload.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "hotline/core/hex.h"
#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/random.h"
#include "services/block_hashes.h"
#include "services/file_version.h"
#include "services/stored_blocks.h"

namespace hotline::services {
namespace {

constexpr std::uint64_t kUnknownSizeStep = 64U << 20;
constexpr std::uint64_t kAllocatedMin = 1U << 20;
constexpr std::uint64_t kBegunBlocks = 8;

/// Returns the hexadecimal form of the key or, without one, a name that is that of no key.
std::string staging_name(const UploadKey& key) {
  if (key != UploadKey{}) return to_hex(key);
  std::array<std::byte, 16> random;
  random_bytes(random);
  return "x" + to_hex(random);
}

Result<void> allocate_storage(DiskFile& file, std::uint64_t offset, std::uint64_t size) {
  auto allocated = file.allocate(offset, size);
  if (allocated) return allocated;
  const int code = allocated.error().native_code;
  if (code == EOPNOTSUPP || code == ENOSYS) return {};
  return allocated;
}

/// Makes a file in place of one that an earlier upload with this name has left.
Result<DiskFile> create_anew(const Directory& directory, const std::string& name) {
  auto file = directory.create(name, file_mode(false));
  if (file || file.error().native_code != EEXIST) return file;
  if (auto removed = directory.remove_file(name); !removed) return fail(removed.error());
  return directory.create(name, file_mode(false));
}

FileOutcome<void> outcome_of(const Result<void>& result) {
  if (!result) return storage_failure(result.error());
  return {};
}

}  // namespace

StagedUpload::StagedUpload(const Directory& staging, UploadFacts facts,
                           QuotaReservation reservation)
    : staging_(staging),
      facts_(std::move(facts)),
      part_name_(staging_name(facts_.key) + std::string(kPartSuffix)),
      state_name_(to_hex(facts_.key) + std::string(kStateSuffix)),
      reservation_(std::move(reservation)) {}

FileOutcome<void> StagedUpload::make() {
  const auto made = [this]() -> FileOutcome<void> {
    auto data = create_anew(staging_, part_name_);
    if (!data) return storage_failure(data.error());
    data_ = std::move(*data);
    if (auto cut = cut_at(0); !cut || !has_key()) return cut;
    auto state = create_anew(staging_, state_name_);
    if (!state) return storage_failure(state.error());
    state_ = std::move(*state);
    return append(encode_upload_facts(facts_));
  }();
  if (!made) drop();
  return made;
}

void StagedUpload::load(const UploadState& state, FileTime last_byte) {
  blocks_ = state.blocks;
  written_blocks_ = blocks_.size();
  confirmed_ = blocks_.size();
  loaded_blocks_ = blocks_.size();
  state_size_ = state.valid_size;
  last_byte_ = last_byte.time_since_epoch().count();
}

UploadEntry StagedUpload::entry() const {
  return {.key = facts_.key,
          .path = facts_.path,
          .size = facts_.size,
          .kept = confirmed_ * kFileBlockBytes,
          .last_byte = FileTime(std::chrono::nanoseconds(last_byte_))};
}

FileOutcome<Mutex::Lock> StagedUpload::lock_for(std::uint64_t hold) {
  auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  if (!is_held_by(hold)) return refuse(FileErrorCode::taken_over);
  return std::move(*lock);
}

FileOutcome<std::uint64_t> StagedUpload::begin_hold(const PutFile& request,
                                                    const FileTarget& target) {
  const auto lock = mutex_.lock();
  if (!lock) return storage_failure(lock.error());
  if (is_gone_) return refuse(FileErrorCode::taken_over);
  hold_ = 0;
  if (auto opened = open_files(); !opened) return std::unexpected(opened.error());
  blocks_.resize(static_cast<std::size_t>(confirmed_));
  // What the hold before has written without a confirmation must not fill a hole.
  if (auto cut = cut_at(blocks_.size() * kFileBlockBytes); !cut) {
    return std::unexpected(cut.error());
  }
  target_ = target;
  modified_ = request.modified;
  is_executable_ = request.is_executable;
  checkpoint_at_ = now() + kCheckpointTime;
  note_byte();
  const std::uint64_t hold = ++holds_;
  hold_ = hold;
  return hold;
}

FileOutcome<void> StagedUpload::open_files() {
  if (!data_) {
    auto data = staging_.open_for_writing(part_name_);
    if (!data) return storage_failure(data.error());
    data_ = std::move(*data);
  }
  if (state_ || !has_key()) return {};
  auto state = staging_.open_for_writing(state_name_);
  if (!state) return storage_failure(state.error());
  state_ = std::move(*state);
  return outcome_of(state_->truncate(state_size_));
}

/// Ends the file at `offset`, and has storage for what is to come.
FileOutcome<void> StagedUpload::cut_at(std::uint64_t offset) {
  unwritten_.drop();
  if (auto cut = data_->truncate(offset); !cut) return storage_failure(cut.error());
  position_ = offset;
  begun_blocks_ = std::min(begun_blocks_, offset / kFileBlockBytes);
  const bool is_allocated =
      facts_.size != kFileSizeUnknown && facts_.size >= kAllocatedMin && facts_.size > offset;
  if (!is_allocated) return {};
  return outcome_of(allocate_storage(*data_, offset, facts_.size - offset));
}

FileOutcome<void> StagedUpload::go_back(std::uint64_t offset) {
  const std::uint64_t block = offset / kFileBlockBytes;
  if (offset > position_ || offset % kFileBlockBytes != 0 || block > blocks_.size()) {
    return refuse(FileErrorCode::integrity, "the content begins elsewhere");
  }
  blocks_.resize(static_cast<std::size_t>(block));
  confirmed_ = block;
  loaded_blocks_ = std::min(loaded_blocks_, block);
  if (written_blocks_ > block) {
    // The state file must not promise what is about to be overwritten.
    if (auto added = append(encode_upload_record(BlockList{.first = block})); !added) return added;
    if (auto synced = state_->sync_data(); !synced) return storage_failure(synced.error());
    written_blocks_ = block;
  }
  return cut_at(offset);
}

FileOutcome<void> StagedUpload::make_room(std::uint64_t end) {
  if (facts_.size != kFileSizeUnknown) {
    if (end <= facts_.size) return {};
    return refuse(FileErrorCode::integrity, "the content is longer than its size");
  }
  if (end > kFileSizeMax) return refuse(FileErrorCode::too_large, {}, kFileSizeMax);
  if (end <= reservation_.staged()) return {};
  const std::uint64_t lacking = end - reservation_.staged();
  if (lacking < kUnknownSizeStep && reservation_.grow(kUnknownSizeStep)) return {};
  return reservation_.grow(lacking);
}

FileOutcome<void> StagedUpload::advance(std::uint64_t offset, std::uint64_t length) {
  if (offset != position_) {
    if (auto back = go_back(offset); !back) return back;
  }
  if (length > kFileSizeMax || offset > kFileSizeMax - length) {
    return refuse(FileErrorCode::too_large, {}, kFileSizeMax);
  }
  return make_room(offset + length);
}

FileOutcome<void> StagedUpload::write(std::uint64_t hold, std::uint64_t offset, Bytes bytes) {
  const auto lock = lock_for(hold);
  if (!lock) return std::unexpected(lock.error());
  if (auto advanced = advance(offset, bytes.size()); !advanced) return advanced;
  // If the size is unknown, the limit of what is gathered counts.
  unwritten_.reserve(facts_.size - offset);
  if (auto added = unwritten_.append(*data_, offset, bytes); !added) {
    return storage_failure(added.error());
  }
  position_ = offset + bytes.size();
  note_byte();
  return {};
}

FileOutcome<void> StagedUpload::write_hole(std::uint64_t hold, std::uint64_t offset,
                                           std::uint64_t length) {
  const auto lock = lock_for(hold);
  if (!lock) return std::unexpected(lock.error());
  if (auto advanced = advance(offset, length); !advanced) return advanced;
  position_ = offset + length;
  note_byte();
  return {};
}

FileOutcome<std::vector<BlockHash>> StagedUpload::blocks(std::uint64_t hold) {
  const auto lock = lock_for(hold);
  if (!lock) return std::unexpected(lock.error());
  return std::vector(blocks_.begin(),
                     blocks_.begin() + static_cast<std::ptrdiff_t>(whole_blocks()));
}

FileOutcome<void> StagedUpload::confirm(std::uint64_t hold, const BlockList& blocks) {
  const auto lock = lock_for(hold);
  if (!lock) return std::unexpected(lock.error());
  const std::uint64_t end = blocks.first + blocks.hashes.size();
  if (blocks.first != blocks_.size() || (end - 1) * kFileBlockBytes >= position_) {
    return refuse(FileErrorCode::integrity, "the hashes are of other blocks");
  }
  if (auto flushed = unwritten_.flush(*data_); !flushed) return storage_failure(flushed.error());
  blocks_.insert(blocks_.end(), blocks.hashes.begin(), blocks.hashes.end());
  const std::uint64_t whole = whole_blocks();
  confirmed_ = whole;
  if (whole >= begun_blocks_ + kBegunBlocks) {
    discard(data_->begin_sync(begun_blocks_ * kFileBlockBytes,
                              (whole - begun_blocks_) * kFileBlockBytes));
    begun_blocks_ = whole;
  }
  const bool is_due = whole >= written_blocks_ + kCheckpointBlocks || now() >= checkpoint_at_;
  return is_due && has_key() ? write_checkpoint() : FileOutcome<void>();
}

FileOutcome<void> StagedUpload::write_checkpoint() {
  checkpoint_at_ = now() + kCheckpointTime;
  const std::uint64_t whole = whole_blocks();
  if (whole == written_blocks_) return {};
  if (auto synced = data_->sync_data(); !synced) return give_up_after(synced.error());
  while (written_blocks_ < whole) {
    const std::uint64_t count = std::min<std::uint64_t>(whole - written_blocks_, kBlockHashesMax);
    const auto first = blocks_.begin() + static_cast<std::ptrdiff_t>(written_blocks_);
    const BlockList list{.first = written_blocks_,
                         .hashes = {first, first + static_cast<std::ptrdiff_t>(count)}};
    if (auto added = append(encode_upload_record(list)); !added) return added;
    written_blocks_ += count;
  }
  return {};
}

FileOutcome<void> StagedUpload::append(std::string_view record) {
  if (auto written = state_->write_at(state_size_, as_bytes(record)); !written) {
    return storage_failure(written.error());
  }
  state_size_ += record.size();
  return {};
}

FileOutcome<FileDigest> StagedUpload::digest(std::uint64_t hold, FileDigestKind kind,
                                             std::uint64_t size) {
  const auto lock = lock_for(hold);
  if (!lock) return std::unexpected(lock.error());
  if (auto flushed = unwritten_.flush(*data_); !flushed) return storage_failure(flushed.error());
  return digest_of_stored(*data_, kind, size);
}

FileOutcome<void> StagedUpload::leave(std::uint64_t hold) {
  const auto lock = lock_for(hold);
  if (!lock) return std::unexpected(lock.error());
  auto written = has_key() ? write_checkpoint() : FileOutcome<void>();
  close_files();
  end_hold(hold);
  return written;
}

FileOutcome<FileStatus> StagedUpload::publish(std::uint64_t hold, std::uint64_t size,
                                              FileTree& tree) {
  ChangedDirectories changed;
  auto published = [&]() -> FileOutcome<FileStatus> {
    const auto lock = lock_for(hold);
    if (!lock) return std::unexpected(lock.error());
    const bool is_whole = position_ == size && block_count(size) == blocks_.size() &&
                          (facts_.size == kFileSizeUnknown || facts_.size == size);
    if (!is_whole) return refuse(FileErrorCode::integrity, "the content is not whole");
    if (auto good = verify_loaded(); !good) return std::unexpected(std::move(good.error()));
    const auto status = complete(size, tree.durability());
    if (!status) return status;
    auto renamed = tree.publish(staging_, part_name_, target_, *status, reservation_, changed);
    if (renamed) end();
    return renamed;
  }();
  if (!published) return published;
  if (auto synced = tree.sync(changed); !synced) return std::unexpected(synced.error());
  return published;
}

/// The disk may have changed what an earlier server has written: it is read once. What is kept ends
/// before the first block that differs.
FileOutcome<void> StagedUpload::verify_loaded() {
  const auto loaded = std::span(blocks_).first(static_cast<std::size_t>(loaded_blocks_));
  const auto same = count_unchanged_blocks(*data_, loaded);
  if (!same) return std::unexpected(same.error());
  if (*same == std::exchange(loaded_blocks_, 0)) return {};
  if (auto back = go_back(*same * kFileBlockBytes); !back) return back;
  auto refusal = refuse(FileErrorCode::integrity, "the disk has changed what was kept");
  refusal.error().is_retryable = true;
  return refusal;
}

/// Prepares the file, and says in the state file that it is about to be published.
FileOutcome<FileStatus> StagedUpload::complete(std::uint64_t size, FileDurability durability) {
  const bool is_durable = durability == FileDurability::full;
  Result<void> done = unwritten_.flush(*data_);
  if (done) done = data_->truncate(size);
  if (done) done = data_->set_mode(file_mode(is_executable_));
  if (done) done = data_->set_modified(modified_);
  if (!done) return storage_failure(done.error());
  if (is_durable) done = data_->sync();
  if (!done) return give_up_after(done.error());
  const auto status = data_->status();
  if (!status) return storage_failure(status.error());
  if (!has_key()) return *status;
  auto added = append(encode_upload_record(published_file_of(*status)));
  if (!added) return std::unexpected(std::move(added.error()));
  if (is_durable) done = state_->sync_data();
  if (!done) return give_up_after(done.error());
  return *status;
}

/// After a failure of the disk nothing is known about what was written before, and a later success
/// proves nothing: the upload ends.
std::unexpected<FileError> StagedUpload::give_up_after(const Error& error) {
  if (!is_disk_failure(error)) return storage_failure(error);
  remove();
  return refuse(FileErrorCode::storage);
}

void StagedUpload::remove() {
  const CancelHold cleanup;
  end();
  discard(staging_.remove_file(part_name_));
  remove_state();
}

void StagedUpload::drop() {
  const CancelHold cleanup;
  hold_ = 0;
  const auto lock = mutex_.lock();
  // Without memory for the wait it is left to the next start.
  if (!lock || is_gone_) return;
  remove();
}

void StagedUpload::close_idle() {
  const auto lock = mutex_.lock();
  if (lock && !is_held()) close_files();
}

void StagedUpload::remove_state() {
  if (has_key()) discard(staging_.remove_file(state_name_));
}

std::uint64_t StagedUpload::whole_blocks() const {
  return std::min<std::uint64_t>(blocks_.size(), position_ / kFileBlockBytes);
}

void StagedUpload::note_byte() {
  last_byte_ =
      std::chrono::duration_cast<std::chrono::nanoseconds>(wall_clock_now().time_since_epoch())
          .count();
}

void StagedUpload::close_files() {
  unwritten_.drop();
  data_.reset();
  state_.reset();
}

void StagedUpload::end() {
  hold_ = 0;
  is_gone_ = true;
  close_files();
  reservation_.release();
}

}  // namespace hotline::services
