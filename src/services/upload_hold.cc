#include "services/upload_hold.h"

#include <utility>

#include "hotline/engine/cancel_hold.h"
#include "services/file_version.h"

namespace hotline::services {

UploadHold::UploadHold(std::shared_ptr<StagedUpload> staged, std::uint64_t hold,
                       std::vector<BlockHash> kept, const FileView& view)
    : staged_(std::move(staged)), hold_(hold), kept_hashes_(std::move(kept)), view_(&view) {}

UploadHold::~UploadHold() {
  if (staged_ != nullptr) staged_->end_hold(hold_);
}

FileOutcome<void> UploadHold::write(std::uint64_t offset, Bytes bytes) {
  if (staged_ == nullptr) return refuse(FileErrorCode::taken_over);
  return staged_->write(hold_, offset, bytes);
}

FileOutcome<void> UploadHold::write_hole(std::uint64_t offset, std::uint64_t length) {
  if (staged_ == nullptr) return refuse(FileErrorCode::taken_over);
  return staged_->write_hole(hold_, offset, length);
}

FileOutcome<void> UploadHold::confirm(const BlockList& blocks) {
  if (staged_ == nullptr) return refuse(FileErrorCode::taken_over);
  return staged_->confirm(hold_, blocks);
}

std::uint64_t UploadHold::confirmed() const {
  if (staged_ == nullptr || staged_->is_gone() || !staged_->has_key()) return 0;
  return staged_->entry().kept;
}

FileOutcome<FileDigest> UploadHold::digest(FileDigestKind kind, std::uint64_t size) {
  if (staged_ == nullptr) return refuse(FileErrorCode::taken_over);
  return staged_->digest(hold_, kind, size);
}

FileOutcome<FileVersion> UploadHold::publish(std::uint64_t size) {
  if (staged_ == nullptr) return refuse(FileErrorCode::taken_over);
  const auto status = staged_->publish(hold_, size, view_->tree());
  if (!status) {
    // It has its name, but that may not be on the disk: a repetition is an upload of its own.
    if (staged_->is_gone()) staged_->remove_state();
    return std::unexpected(status.error());
  }
  view_->uploads().note_published(*staged_, *status);
  staged_.reset();
  return version_of(*status);
}

void UploadHold::leave() {
  const CancelHold cleanup;
  const auto staged = std::exchange(staged_, nullptr);
  if (staged == nullptr) return;
  if (drop_unkept(staged)) return;
  if (!staged->leave(hold_)) staged->end_hold(hold_);
}

/// Returns false if the upload is to be kept.
bool UploadHold::drop_unkept(const std::shared_ptr<StagedUpload>& staged) {
  // Otherwise an upload with the same key may begin between the two halves of a drop, which removes
  // files by name. Without memory for the wait, the next sweep drops what is to be dropped.
  const auto lock = view_->uploads().beginning().lock();
  if (!lock) return staged->end_hold(hold_), true;
  const bool is_kept = staged->has_key() && staged->entry().kept > 0;
  if (!staged->is_gone() && (is_kept || !staged->is_held_by(hold_))) return false;
  view_->uploads().drop(staged);
  return true;
}

bool UploadHold::is_taken_over() const { return staged_ == nullptr || !staged_->is_held_by(hold_); }

}  // namespace hotline::services
