#include "services/quota_account.h"

#include <algorithm>
#include <limits>

namespace hotline::services {
namespace {

constexpr std::uint64_t kUsageMax = std::numeric_limits<std::uint64_t>::max();

std::uint64_t saturating_sum(std::uint64_t first, std::uint64_t second) {
  return first > kUsageMax - second ? kUsageMax : first + second;
}

std::uint64_t saturating_difference(std::uint64_t first, std::uint64_t second) {
  return first > second ? first - second : 0;
}

FileUsage sum_of(FileUsage first, FileUsage second) {
  return {saturating_sum(first.bytes, second.bytes), saturating_sum(first.entries, second.entries)};
}

FileUsage difference_of(FileUsage first, FileUsage second) {
  return {saturating_difference(first.bytes, second.bytes),
          saturating_difference(first.entries, second.entries)};
}

/// Returns how much of `wanted` more than `limit` there would be in use.
std::uint64_t lacking(std::uint64_t wanted, std::uint64_t in_use, std::uint64_t limit) {
  if (wanted == 0 || limit == kNoQuota) return 0;
  return saturating_difference(saturating_sum(in_use, wanted), limit);
}

}  // namespace

QuotaReservation::QuotaReservation(QuotaReservation&& other) noexcept
    : account_(std::exchange(other.account_, nullptr)),
      usage_(std::exchange(other.usage_, {})),
      staged_(std::exchange(other.staged_, 0)) {}

QuotaReservation& QuotaReservation::operator=(QuotaReservation&& other) noexcept {
  if (this == &other) return *this;
  release();
  account_ = std::exchange(other.account_, nullptr);
  usage_ = std::exchange(other.usage_, {});
  staged_ = std::exchange(other.staged_, 0);
  return *this;
}

FileOutcome<void> QuotaReservation::grow(std::uint64_t bytes) {
  if (account_ == nullptr) return refuse(FileErrorCode::busy, "its reservation has ended");
  return account_->grow(*this, bytes);
}

void QuotaReservation::release() {
  if (account_ != nullptr) std::exchange(account_, nullptr)->release(*this);
  usage_ = {};
  staged_ = 0;
}

FreedQuota::FreedQuota(FreedQuota&& other) noexcept
    : account_(std::exchange(other.account_, nullptr)), usage_(std::exchange(other.usage_, {})) {}

FreedQuota& FreedQuota::operator=(FreedQuota&& other) noexcept {
  if (this == &other) return *this;
  release();
  account_ = std::exchange(other.account_, nullptr);
  usage_ = std::exchange(other.usage_, {});
  return *this;
}

void FreedQuota::add(FreedQuota other) {
  if (other.account_ == nullptr) return;
  account_ = std::exchange(other.account_, nullptr);
  usage_ = sum_of(usage_, std::exchange(other.usage_, {}));
}

void FreedQuota::release() {
  if (account_ != nullptr) std::exchange(account_, nullptr)->release(*this);
  usage_ = {};
}

void QuotaAccount::set_limits(FileUsage limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

FileUsage QuotaAccount::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void QuotaAccount::set_used(FileUsage used) {
  const std::lock_guard lock(mutex_);
  used_ = used;
  has_changed_ = true;
}

FileUsage QuotaAccount::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

void QuotaAccount::doubt_used() {
  const std::lock_guard lock(mutex_);
  is_doubtful_ = true;
}

bool QuotaAccount::is_doubtful() const {
  const std::lock_guard lock(mutex_);
  return is_doubtful_;
}

FileUsage QuotaAccount::reserved() const {
  const std::lock_guard lock(mutex_);
  return sum_of(reserved_, freed_);
}

bool QuotaAccount::take_changed() {
  const std::lock_guard lock(mutex_);
  return std::exchange(has_changed_, false);
}

FileOutcome<QuotaReservation> QuotaAccount::reserve(FileUsage usage, std::uint64_t staged) {
  const std::lock_guard lock(mutex_);
  if (auto room = check_room(usage, {}); !room) return std::unexpected(std::move(room.error()));
  if (auto room = check_staged(staged); !room) return std::unexpected(std::move(room.error()));
  reserved_ = sum_of(reserved_, usage);
  staged_ = saturating_sum(staged_, staged);
  return QuotaReservation(*this, usage, staged);
}

QuotaReservation QuotaAccount::reserve_again(FileUsage usage, std::uint64_t staged) {
  const std::lock_guard lock(mutex_);
  reserved_ = sum_of(reserved_, usage);
  staged_ = saturating_sum(staged_, staged);
  return QuotaReservation(*this, usage, staged);
}

FileOutcome<void> QuotaAccount::grow(QuotaReservation& reservation, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const FileUsage more{.bytes = bytes};
  if (auto room = check_room(more, {}); !room) return room;
  if (auto room = check_staged(bytes); !room) return room;
  reserved_ = sum_of(reserved_, more);
  staged_ = saturating_sum(staged_, bytes);
  reservation.usage_ = sum_of(reservation.usage_, more);
  reservation.staged_ = saturating_sum(reservation.staged_, bytes);
  return {};
}

void QuotaAccount::release(const QuotaReservation& reservation) {
  const std::lock_guard lock(mutex_);
  reserved_ = difference_of(reserved_, reservation.usage_);
  staged_ = saturating_difference(staged_, reservation.staged_);
}

void QuotaAccount::release(const FreedQuota& freed) {
  const std::lock_guard lock(mutex_);
  freed_ = difference_of(freed_, freed.usage_);
}

FileOutcome<void> QuotaAccount::check_room(FileUsage usage, FileUsage own) const {
  const bool is_limited = (usage.bytes > 0 && limits_.bytes != kNoQuota) ||
                          (usage.entries > 0 && limits_.entries != kNoQuota);
  if (is_doubtful_ && is_limited) return refuse(FileErrorCode::busy, "the files are being counted");
  const FileUsage in_use = sum_of(used_, difference_of(reserved_, own));
  if (const auto bytes = lacking(usage.bytes, in_use.bytes, limits_.bytes); bytes > 0) {
    return refuse(FileErrorCode::quota_bytes, {}, bytes);
  }
  if (const auto entries = lacking(usage.entries, in_use.entries, limits_.entries); entries > 0) {
    return refuse(FileErrorCode::quota_entries, {}, entries);
  }
  return check_freed(usage, in_use);
}

FileOutcome<void> QuotaAccount::check_freed(FileUsage usage, FileUsage in_use) const {
  const FileUsage on_disk = sum_of(in_use, freed_);
  const bool has_room = lacking(usage.bytes, on_disk.bytes, limits_.bytes) == 0 &&
                        lacking(usage.entries, on_disk.entries, limits_.entries) == 0;
  if (has_room) return {};
  return refuse(FileErrorCode::busy, "the disk still has what was removed");
}

FileOutcome<void> QuotaAccount::check_staged(std::uint64_t bytes) const {
  const std::uint64_t missing = lacking(bytes, staged_, limits_.bytes);
  if (missing == 0) return {};
  return refuse(FileErrorCode::quota_bytes, "unfinished uploads take it", missing);
}

FileOutcome<FreedQuota> QuotaAccount::settle(std::span<const FileChange> changes,
                                             QuotaReservation* reserved) {
  const std::lock_guard lock(mutex_);
  FileUsage before;
  FileUsage after;
  for (const FileChange& change : changes) {
    before = sum_of(before, change.before);
    after = sum_of(after, change.after);
  }
  const FileUsage own = reserved == nullptr ? FileUsage() : reserved->usage_;
  if (auto room = check_room(difference_of(after, before), own); !room) {
    return std::unexpected(std::move(room.error()));
  }
  for (const FileChange& change : changes) apply(change);
  FreedQuota freed = hold_freed(before, after);
  if (reserved == nullptr || reserved->account_ == nullptr) return freed;
  reserved_ = difference_of(reserved_, reserved->usage_);
  staged_ = saturating_difference(staged_, reserved->staged_);
  reserved->account_ = nullptr;
  reserved->usage_ = {};
  reserved->staged_ = 0;
  return freed;
}

FreedQuota QuotaAccount::correct(const FileChange& change) {
  const std::lock_guard lock(mutex_);
  apply(change);
  return hold_freed(change.before, change.after);
}

FreedQuota QuotaAccount::hold_freed(FileUsage before, FileUsage after) {
  const FileUsage freed = difference_of(before, after);
  freed_ = sum_of(freed_, freed);
  return FreedQuota(*this, freed);
}

void QuotaAccount::apply(const FileChange& change) {
  used_ = difference_of(sum_of(used_, change.after), change.before);
  has_changed_ = true;
  if (!recount_ || !recount_->walked.contains(change.directory)) return;
  recount_->sum = difference_of(sum_of(recount_->sum, change.after), change.before);
}

void QuotaAccount::begin_recount() {
  const std::lock_guard lock(mutex_);
  recount_ = std::make_unique<Recount>();
}

bool QuotaAccount::is_recounting() const {
  const std::lock_guard lock(mutex_);
  return recount_ != nullptr;
}

void QuotaAccount::add_walked(std::uint64_t directory, FileUsage usage) {
  const std::lock_guard lock(mutex_);
  if (!recount_) return;
  recount_->walked.insert(directory);
  recount_->sum = sum_of(recount_->sum, usage);
}

void QuotaAccount::note_made(std::uint64_t directory, std::uint64_t made) {
  const std::lock_guard lock(mutex_);
  // The walk does not come to what is made in a directory that it has left.
  if (recount_ && recount_->walked.contains(directory)) recount_->walked.insert(made);
}

void QuotaAccount::note_removed(std::uint64_t directory) {
  const std::lock_guard lock(mutex_);
  // The inode may be used again, for a directory that is still to be walked.
  if (recount_) recount_->walked.erase(directory);
}

void QuotaAccount::note_moved() {
  const std::lock_guard lock(mutex_);
  if (recount_) recount_->has_moved = true;
}

std::optional<FileUsage> QuotaAccount::end_recount() {
  const std::lock_guard lock(mutex_);
  if (!recount_ || recount_->has_moved) return std::nullopt;
  used_ = recount_->sum;
  has_changed_ = true;
  is_doubtful_ = false;
  recount_.reset();
  return used_;
}

void QuotaAccount::give_up_recount() {
  const std::lock_guard lock(mutex_);
  recount_.reset();
}

}  // namespace hotline::services
