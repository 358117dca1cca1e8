#include "services/file_ledger.h"

#include <array>

namespace hotline::services {

Result<FileLedger> FileLedger::open(DiskFile file) {
  FileLedger ledger(std::move(file));
  for (;;) {
    const auto has_more = ledger.read_slot();
    if (!has_more) return fail(has_more.error());
    if (!*has_more) return ledger;
  }
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
  const LedgerSlot* before = find(slot.user);
  if (before != nullptr && *before == slot) return {};
  const bool is_to_be_durable = before == nullptr || before->is_dirty != slot.is_dirty;
  if (before == nullptr) slots_.emplace(slot.user, Numbered{.number = take_number()});
  Numbered& numbered = slots_.find(slot.user)->second;
  const auto bytes = encode_ledger_slot(slot);
  if (auto written = file_.write_at(numbered.number * bytes.size(), bytes); !written) {
    return written;
  }
  numbered.slot = slot;
  return is_to_be_durable ? file_.sync_data() : Result<void>();
}

}  // namespace hotline::services
