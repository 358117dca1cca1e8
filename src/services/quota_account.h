#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

#include "hotline/services/file_account.h"
#include "services/file_outcome.h"

// The arithmetic of quotas. No I/O.

namespace hotline::services {

/// What files take, or may take: the sum of their sizes, and the number of names.
struct FileUsage {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;

  bool operator==(const FileUsage&) const = default;
};

/// A change in one directory: what the name took before, and what it takes now.
struct FileChange {
  std::uint64_t directory = 0;  ///< The inode of the directory. Only recounts need it.
  FileUsage before{};
  FileUsage after{};
};

class QuotaAccount;

/// Quota that is set aside for content that has not been published. Move only; gives it back when
/// it is destroyed.
class QuotaReservation {
 public:
  QuotaReservation() = default;
  QuotaReservation(QuotaReservation&& other) noexcept;
  QuotaReservation& operator=(QuotaReservation&& other) noexcept;
  ~QuotaReservation() { release(); }

  /// Reserves as many further bytes. Fails as QuotaAccount::reserve().
  FileOutcome<void> grow(std::uint64_t bytes);

  void release();

  const FileUsage& usage() const { return usage_; }
  std::uint64_t staged() const { return staged_; }

 private:
  friend class QuotaAccount;
  QuotaReservation(QuotaAccount& account, FileUsage usage, std::uint64_t staged)
      : account_(&account), usage_(usage), staged_(staged) {}

  QuotaAccount* account_ = nullptr;
  FileUsage usage_{};
  std::uint64_t staged_ = 0;  ///< What it takes on the disk until it is published.
};

/// Quota that changes have freed and that nothing else may take before they are on the disk: after
/// a power cut what had it may be there again. Move only; gives it back when it is destroyed.
class FreedQuota {
 public:
  FreedQuota() = default;
  FreedQuota(FreedQuota&& other) noexcept;
  FreedQuota& operator=(FreedQuota&& other) noexcept;
  ~FreedQuota() { release(); }

  /// Takes over what `other` has, which is of the same account.
  void add(FreedQuota other);

  void release();

  const FileUsage& usage() const { return usage_; }

 private:
  friend class QuotaAccount;
  FreedQuota(QuotaAccount& account, FileUsage usage) : account_(&account), usage_(usage) {}

  QuotaAccount* account_ = nullptr;
  FileUsage usage_{};
};

/// What one user may use, uses and has reserved. Used and reserved together stay within the limits,
/// also after a power cut; so do the bytes that are staged, whatever they replace. Only a limit
/// that was lowered, and what others do in the home, can leave more in use. Any thread; never
/// waits.
class QuotaAccount {
 public:
  /// kNoQuota: no limit.
  void set_limits(FileUsage limits);
  FileUsage limits() const;

  void set_used(FileUsage used);
  FileUsage used() const;

  /// Notes that more may be in use than used(). Until a recount, nothing that has a limit grows:
  /// reserve(), QuotaReservation::grow() and settle() fail with `busy` instead.
  void doubt_used();
  bool is_doubtful() const;

  /// Returns what is set aside: by reservations, and as FreedQuota.
  FileUsage reserved() const;

  /// Returns true if what is used has changed since the last call.
  bool take_changed();

  /// Sets `usage` aside for content of which `staged` bytes will be on the disk. Nothing that is
  /// not wanted is checked. Fails with `quota_bytes` or `quota_entries`, and how many are lacking;
  /// with `busy` if only FreedQuota is in the way.
  FileOutcome<QuotaReservation> reserve(FileUsage usage, std::uint64_t staged);

  /// Sets it aside in any case: for what an earlier server has reserved.
  QuotaReservation reserve_again(FileUsage usage, std::uint64_t staged);

  /// Carries out the changes, all or none, and releases `reserved` if that is not null. Returns
  /// what they free. Fails as reserve() if they need more than is free without `reserved`; what
  /// only shrinks never fails.
  FileOutcome<FreedQuota> settle(std::span<const FileChange> changes,
                                 QuotaReservation* reserved = nullptr);

  /// Carries out a change that has happened already, without a check. Returns what it frees.
  FreedQuota correct(const FileChange& change);

  // A recount: the caller walks the tree, and holds the lock under which all changes are made while
  // it walks one directory. Changes in directories that were walked are added.

  void begin_recount();
  bool is_recounting() const;

  /// Adds a directory that was walked: what its names take.
  void add_walked(std::uint64_t directory, FileUsage usage);

  /// Notes a directory that was made in another one, or removed: inodes.
  void note_made(std::uint64_t directory, std::uint64_t made);
  void note_removed(std::uint64_t directory);

  /// Notes that a directory has moved: the walk has to begin anew, by begin_recount().
  void note_moved();

  /// Takes the sum as what is used, and returns it; nullopt if the walk has to begin anew.
  std::optional<FileUsage> end_recount();
  void give_up_recount();

 private:
  friend class QuotaReservation;
  friend class FreedQuota;

  struct Recount {
    std::unordered_set<std::uint64_t> walked{};
    FileUsage sum{};
    bool has_moved = false;
  };

  FileOutcome<void> check_room(FileUsage usage, FileUsage own) const;
  FileOutcome<void> check_freed(FileUsage usage, FileUsage in_use) const;
  void apply(const FileChange& change);
  FreedQuota hold_freed(FileUsage before, FileUsage after);
  void release(const QuotaReservation& reservation);
  void release(const FreedQuota& freed);
  FileOutcome<void> grow(QuotaReservation& reservation, std::uint64_t bytes);
  FileOutcome<void> check_staged(std::uint64_t bytes) const;

  mutable std::mutex mutex_;
  FileUsage limits_{kNoQuota, kNoQuota};
  FileUsage used_{};
  FileUsage reserved_{};
  FileUsage freed_{};  ///< What all FreedQuota have.
  std::uint64_t staged_ = 0;
  bool has_changed_ = false;
  bool is_doubtful_ = false;
  std::unique_ptr<Recount> recount_{};  ///< Null: none is in progress.
};

}  // namespace hotline::services
