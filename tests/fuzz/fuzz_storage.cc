#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/file_user.h"
#include "services/ledger_slot.h"
#include "services/quota_account.h"
#include "services/upload_state.h"
#include "support/fuzz_input.h"

// The first byte chooses what the others are: a file of a user, a slot of the ledger or a state
// file, of any bytes; a state file that is written as the input says and then changed; or what
// happens to a quota. What is accepted is written as the same again. A changed state file keeps
// what comes before the change, and no more. What is used and reserved stays within the quota.

namespace {

using namespace hotline;
using namespace hotline::services;
using test::Input;
using test::require;
using test::require_text;

void check_user(Bytes bytes) {
  const auto user = parse_file_user("alice", as_text(bytes));
  if (!user) return require_text(user.error().detail);
  const auto again = parse_file_user("alice", format_file_user(*user));
  require(again.has_value() && *again == *user, "a user is written as the same");
}

void check_slot(Bytes bytes) {
  const auto slot = decode_ledger_slot(bytes);
  if (!slot) return;
  require(decode_ledger_slot(encode_ledger_slot(*slot)) == slot, "a slot is written as the same");
}

void check_state(Bytes bytes) {
  const auto state = decode_upload_state(bytes);
  if (!state) return;
  require(state->valid_size <= bytes.size(), "a state file is valid up to its end at most");
  const auto again = decode_upload_state(bytes.first(static_cast<std::size_t>(state->valid_size)));
  require(again == state, "what is not valid changes nothing");
}

UploadFacts facts_from(Input& input) {
  UploadFacts facts{.path = FilePath::parse("a").value()};
  facts.key.front() = std::byte{1};
  facts.size = input.number(32) * kFileBlockBytes + input.number(2);
  return facts;
}

/// Appends records that follow each other, and notes where each of them ends.
std::string state_from(Input& input, std::vector<std::size_t>& ends) {
  const UploadFacts facts = facts_from(input);
  std::string text = encode_upload_facts(facts);
  std::uint64_t blocks = 0;
  for (unsigned records = input.number(8); records > 0; --records) {
    ends.push_back(text.size());
    BlockList list{.first = input.number(static_cast<unsigned>(blocks) + 1)};
    const std::uint64_t room = facts.size / kFileBlockBytes - list.first;
    list.hashes.resize(input.number(static_cast<unsigned>(room) + 1));
    blocks = list.first + list.hashes.size();
    text += encode_upload_record(list);
  }
  ends.push_back(text.size());
  return text;
}

void check_changed_state(Input input) {
  std::vector<std::size_t> ends;
  std::string text = state_from(input, ends);
  const auto whole = decode_upload_state(as_bytes(text));
  require(whole.has_value() && whole->valid_size == text.size(), "a state file is read whole");
  const std::size_t at = (input.number(256) * 256 + input.number(256)) % text.size();
  text[at] = static_cast<char>(text[at] ^ static_cast<char>(1 + input.number(255)));
  const auto changed = decode_upload_state(as_bytes(text));
  if (at < ends.front()) return require(!changed.has_value(), "a changed header is refused");
  require(changed.has_value(), "a header stays");
  std::size_t kept = ends.front();
  for (const std::size_t end : ends) kept = end <= at ? end : kept;
  require(changed->valid_size == kept, "what comes before a change is kept, and no more");
}

void check_quota(Input input) {
  QuotaAccount account;
  const FileUsage limits{.bytes = input.number(64), .entries = input.number(16)};
  account.set_limits(limits);
  std::vector<QuotaReservation> reservations;
  while (!input.is_empty()) {
    const unsigned what = input.number(4);
    const std::uint64_t bytes = input.number(32);
    if (what == 0) {
      if (auto taken = account.reserve({bytes, input.number(3)}, bytes)) {
        reservations.push_back(std::move(*taken));
      }
    } else if (what == 1 && !reservations.empty()) {
      static_cast<void>(reservations.back().grow(bytes));
    } else if (what == 2 && !reservations.empty()) {
      const FileChange made{.after = {bytes, 1}};
      static_cast<void>(account.settle({&made, 1}, &reservations.back()));
      reservations.pop_back();
    } else if (what == 3 && account.used().bytes >= bytes && account.used().entries > 0) {
      account.correct({.before = {bytes, 1}});
    }
    const FileUsage used = account.used();
    const FileUsage reserved = account.reserved();
    require(used.bytes + reserved.bytes <= limits.bytes, "bytes stay within the quota");
    require(used.entries + reserved.entries <= limits.entries, "entries stay within the quota");
  }
  reservations.clear();
  require(account.reserved() == FileUsage(), "all reservations are given back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes bytes = std::as_bytes(std::span(data, size));
  const Bytes rest = bytes.subspan(1);
  switch (data[0] % 5) {
    case 0: check_user(rest); break;
    case 1: check_slot(rest); break;
    case 2: check_state(rest); break;
    case 3: check_changed_state(Input(rest)); break;
    default: check_quota(Input(rest)); break;
  }
  return 0;
}
