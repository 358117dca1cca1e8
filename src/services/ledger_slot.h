#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "hotline/core/bytes.h"
#include "services/quota_account.h"

// The slots of the ledger of a file service. No I/O.

namespace hotline::services {

/// What one user or share uses, as the ledger has it.
struct LedgerSlot {
  static constexpr std::size_t kBytes = 128;  ///< Divides a sector, so no write tears it.

  std::string user{};  ///< A name of a user or share: is_file_user_name().
  FileUsage used{};
  bool is_dirty = false;  ///< A server that was not stopped in order may have changed more.

  bool operator==(const LedgerSlot&) const = default;
};

/// Returns `4 magic | 1 flags | 1 length | 32 name | 8 bytes | 8 entries | zeros | 16 checksum`.
std::array<std::byte, LedgerSlot::kBytes> encode_ledger_slot(const LedgerSlot& slot);

/// Returns nullopt for bytes that are not a whole, unchanged slot.
std::optional<LedgerSlot> decode_ledger_slot(Bytes bytes);

}  // namespace hotline::services
