#include "services/staged_content.h"

#include <array>
#include <new>
#include <utility>

#include "hotline/core/hex.h"
#include "hotline/engine/cancel_hold.h"
#include "hotline/engine/random.h"
#include "services/file_version.h"

namespace hotline::services {

StagedContent::StagedContent(const Directory& staging, std::string name, DiskFile file,
                             FileTarget target, QuotaReservation reservation)
    : staging_(&staging),
      name_(std::move(name)),
      file_(std::move(file)),
      target_(std::move(target)),
      reservation_(std::move(reservation)) {}

StagedContent::StagedContent(StagedContent&& other) noexcept
    : staging_(other.staging_),
      name_(std::exchange(other.name_, {})),
      file_(std::move(other.file_)),
      target_(std::move(other.target_)),
      reservation_(std::move(other.reservation_)) {}

StagedContent::~StagedContent() {
  if (name_.empty()) return;
  try {
    const CancelHold cleanup;
    discard(staging_->remove_file(name_));
  } catch (const std::bad_alloc&) {
    return;  // The next start removes the file.
  }
}

FileOutcome<StagedContent> StagedContent::make(const Directory& staging, const FileTarget& target,
                                               QuotaReservation reservation) {
  std::array<std::byte, 16> random;
  random_bytes(random);
  std::string name = "x" + to_hex(random);
  auto file = staging.create(name, file_mode(false));
  if (!file) return storage_failure(file.error());
  return StagedContent(staging, std::move(name), std::move(*file), target, std::move(reservation));
}

FileOutcome<void> StagedContent::describe(const FileMeta& meta) {
  Result<void> done;
  if (meta.is_executable) done = file_.set_mode(file_mode(true));
  if (done) done = file_.set_modified(meta.modified);
  if (!done) return storage_failure(done.error());
  return {};
}

FileOutcome<void> StagedContent::sync() {
  const auto synced = file_.sync();
  if (synced) return {};
  if (is_disk_failure(synced.error())) return refuse(FileErrorCode::storage);
  return storage_failure(synced.error());
}

FileOutcome<FileStatus> StagedContent::publish(FileTree& tree, ChangedDirectories& changed) {
  const auto lock = tree.locking();
  if (!lock) return std::unexpected(lock.error());
  return publish_locked(tree, changed);
}

FileOutcome<FileStatus> StagedContent::publish_locked(FileTree& tree, ChangedDirectories& changed) {
  const auto status = file_.status();
  if (!status) return storage_failure(status.error());
  auto published = tree.publish_locked(*staging_, name_, target_, *status, reservation_, changed);
  if (published) name_.clear();
  return published;
}

}  // namespace hotline::services
