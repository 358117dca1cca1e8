#include "services/ledger_slot.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "services/block_hash.h"
#include "services/file_payload.h"
#include "services/file_user.h"

namespace hotline::services {
namespace {

constexpr std::string_view kSlotMagic = "HLL1";
constexpr std::uint8_t kDirtySlot = 1;
constexpr std::size_t kSlotNameBytes = 32;
constexpr std::size_t kSlotBodyBytes = LedgerSlot::kBytes - BlockHash::kBytes;

}  // namespace

std::array<std::byte, LedgerSlot::kBytes> encode_ledger_slot(const LedgerSlot& slot) {
  std::string text(kSlotMagic);
  FilePayloadWriter writer(text);
  writer.put_number<std::uint8_t>(slot.is_dirty ? kDirtySlot : 0);
  writer.put_number(static_cast<std::uint8_t>(slot.user.size()));
  text += slot.user + std::string(kSlotNameBytes - slot.user.size(), '\0');
  writer.put_number(slot.used.bytes);
  writer.put_number(slot.used.entries);
  text.resize(kSlotBodyBytes);
  writer.put(hash_of(as_bytes(text)).bytes);
  std::array<std::byte, LedgerSlot::kBytes> bytes;
  std::copy_n(as_bytes(text).begin(), text.size(), bytes.begin());
  return bytes;
}

std::optional<LedgerSlot> decode_ledger_slot(Bytes bytes) {
  if (bytes.size() != LedgerSlot::kBytes) return std::nullopt;
  const Bytes body = bytes.first(kSlotBodyBytes);
  if (!std::ranges::equal(hash_of(body).bytes, bytes.subspan(kSlotBodyBytes))) return std::nullopt;
  FilePayloadReader reader("slot", body);
  if (as_text(reader.take(kSlotMagic.size())) != kSlotMagic) return std::nullopt;
  LedgerSlot slot{.is_dirty = (reader.flags(kDirtySlot) & kDirtySlot) != 0};
  const auto length = reader.number<std::uint8_t>();
  const std::string_view name = as_text(reader.take(kSlotNameBytes));
  slot.user = name.substr(0, length);
  slot.used.bytes = reader.number<std::uint64_t>();
  slot.used.entries = reader.number<std::uint64_t>();
  if (reader.has_failed() || length > kSlotNameBytes || !is_file_user_name(slot.user)) {
    return std::nullopt;
  }
  return slot;
}

}  // namespace hotline::services
