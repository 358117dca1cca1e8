#include "services/ledger_slot.h"

#include <doctest/doctest.h>

namespace hotline::services::ledger_slot_test {
namespace {

const LedgerSlot kSlot{
    .user = "alice", .used = {.bytes = 0x0102030405060708, .entries = 9}, .is_dirty = true};

TEST_CASE("a slot of the ledger that is written is read as the same") {
  CHECK(decode_ledger_slot(encode_ledger_slot(kSlot)) == kSlot);
  const LedgerSlot longest{.user = std::string(32, 'a'), .used = {kNoQuota, kNoQuota}};
  CHECK(decode_ledger_slot(encode_ledger_slot(longest)) == longest);
}

TEST_CASE("a slot of the ledger with any byte changed is not believed") {
  const auto bytes = encode_ledger_slot(kSlot);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= std::byte{1};
    CHECK_FALSE(decode_ledger_slot(changed));
  }
}

TEST_CASE("a slot of the ledger that is cut off, empty or too long is not believed") {
  const auto bytes = encode_ledger_slot(kSlot);
  CHECK_FALSE(decode_ledger_slot({}));
  CHECK_FALSE(decode_ledger_slot(Bytes(bytes).first(127)));
  CHECK_FALSE(decode_ledger_slot(std::array<std::byte, 129>()));
  CHECK_FALSE(decode_ledger_slot(std::array<std::byte, 128>()));
}

TEST_CASE("a slot of the ledger without the name of a user is not believed") {
  CHECK_FALSE(decode_ledger_slot(encode_ledger_slot({.user = ""})));
  CHECK_FALSE(decode_ledger_slot(encode_ledger_slot({.user = "../a"})));
}

}  // namespace
}  // namespace hotline::services::ledger_slot_test
