#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/core/result.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/disk_file.h"
#include "services/ledger_slot.h"

namespace hotline::services {

/// The file with what each user, or each share, uses: a LedgerSlot for each. One fiber at a time;
/// open() and set() suspend it. Move only.
class FileLedger {
 public:
  /// Reads it. A slot that is damaged is free for another user.
  static Result<FileLedger> open(DiskFile file);

  /// The same for the file `name` of `directory`, which is made if it is missing.
  static Result<FileLedger> open_in(const Directory& directory, std::string_view name);

  /// Returns null if there is none.
  const LedgerSlot* find(std::string_view user) const;

  /// Writes the slot of its user, if it is not as it was. If it becomes dirty or clean, or the last
  /// call for it has failed, it is on the disk afterwards.
  Result<void> set(const LedgerSlot& slot);

 private:
  struct Numbered {
    std::uint64_t number = 0;
    LedgerSlot slot{};
    bool is_doubtful = false;  ///< After a failure the disk may have another one.
  };

  explicit FileLedger(DiskFile file) : file_(std::move(file)) {}

  Result<bool> read_slot();
  std::uint64_t take_number();

  DiskFile file_;
  std::map<std::string, Numbered, std::less<>> slots_{};
  std::vector<std::uint64_t> free_{};  ///< Numbers of damaged slots.
  std::uint64_t count_ = 0;            ///< Slots in the file.
};

}  // namespace hotline::services
