#include "services/file_ledger.h"

#include <array>
#include <utility>

#include "services/made_directory.h"

namespace hotline::services {

Result<FileLedger> FileLedger::open(DiskFile file) {
  FileLedger ledger(std::move(file));
  for (;;) {
    const auto has_more = ledger.read_slot();
    if (!has_more) return fail(has_more.error());
    if (!*has_more) return ledger;
  }
}

Result<FileLedger> FileLedger::open_in(const Directory& directory, std::string_view name) {
  auto file = open_or_create(directory, name);
  if (!file) return fail(std::move(file.error()));
  return open(*std::move(file));
}

/// Returns false at the end of the file. What is left of a slot there is written over.
Result<bool> FileLedger::read_slot() {
  std::array<std::byte, LedgerSlot::kBytes> bytes;
  const auto size = file_.read_at(count_ * LedgerSlot::kBytes, bytes);
  if (!size) return fail(size.error());
  if (*size < bytes.size()) return false;
  const std::uint64_t number = count_++;
  auto slot = decode_ledger_slot(bytes);
  if (!slot || slots_.contains(slot->user)) {
    free_.push_back(number);
  } else {
    slots_.emplace(slot->user, Numbered{.number = number, .slot = *slot});
  }
  return true;
}

const LedgerSlot* FileLedger::find(std::string_view user) const {
  const auto found = slots_.find(user);
  return found == slots_.end() ? nullptr : &found->second.slot;
}

std::uint64_t FileLedger::take_number() {
  if (free_.empty()) return count_++;
  const std::uint64_t number = free_.back();
  free_.pop_back();
  return number;
}

Result<void> FileLedger::set(const LedgerSlot& slot) {
  const auto found = slots_.find(slot.user);
  const bool is_known = found != slots_.end() && !found->second.is_doubtful;
  if (is_known && found->second.slot == slot) return {};
  const bool is_to_be_durable = !is_known || found->second.slot.is_dirty != slot.is_dirty;
  const std::uint64_t number = found == slots_.end() ? take_number() : found->second.number;
  const auto bytes = encode_ledger_slot(slot);
  if (found != slots_.end() && !is_known) {
    // What a disk has lost that has failed may also be that the file has grown.
    auto sized = file_.truncate(count_ * bytes.size());
    if (!sized) return sized;
  }
  if (auto written = file_.write_at(number * bytes.size(), bytes); !written) {
    if (found == slots_.end()) free_.push_back(number);
    if (found != slots_.end()) found->second.is_doubtful = true;
    return written;
  }
  Numbered& numbered = slots_[slot.user];
  numbered = {.number = number, .slot = slot, .is_doubtful = is_to_be_durable};
  if (!is_to_be_durable) return {};
  auto synced = file_.sync_data();
  numbered.is_doubtful = !synced;
  return synced;
}

}  // namespace hotline::services
