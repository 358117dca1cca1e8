#pragma once

#include <cstdint>

#include "services/quota_account.h"

namespace hotline::services {

/// A change that an account has settled and that is not carried out yet. The destructor takes back
/// what was not. Never waits. The account outlives it.
class SettledChange {
 public:
  SettledChange(QuotaAccount& account, const FileChange& change)
      : account_(account), change_(change) {}
  SettledChange(const SettledChange&) = delete;
  SettledChange& operator=(const SettledChange&) = delete;
  ~SettledChange();

  /// Notes that one of the missing directories was made: it stays.
  void note_made() { ++made_; }
  void note_done() { is_done_ = true; }

 private:
  QuotaAccount& account_;
  FileChange change_;
  std::uint64_t made_ = 0;
  bool is_done_ = false;
};

}  // namespace hotline::services
