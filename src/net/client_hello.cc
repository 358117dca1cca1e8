#include "net/client_hello.h"

#include <algorithm>

namespace hotline::net {
namespace {

constexpr std::size_t kRecordHead = 5;  // Type, version, length.
constexpr std::size_t kMessageHead = 4;
constexpr std::size_t kChangeCipherSpecRecord = 20;
constexpr std::size_t kHandshakeRecord = 22;
constexpr std::size_t kClientHelloMessage = 1;
constexpr std::size_t kRecordMax = 16'384;

}  // namespace

ClientHello::Verdict ClientHello::take(Bytes& wire) {
  const Bytes taken = wire.first(std::min(wire.size(), kBytesMax - collected_.size()));
  collected_.insert(collected_.end(), taken.begin(), taken.end());
  wire = wire.subspan(taken.size());
  const Verdict verdict = scan();
  const bool is_full = verdict == Verdict::incomplete && collected_.size() == kBytesMax;
  return is_full ? Verdict::too_long : verdict;
}

/// Walks over the records from the first one that was not complete.
ClientHello::Verdict ClientHello::scan() {
  while (record_ < collected_.size()) {
    const std::size_t type = byte(record_);
    if (type != kHandshakeRecord && type != kChangeCipherSpecRecord) return Verdict::complete;
    if (collected_.size() < record_ + kRecordHead) return Verdict::incomplete;
    const std::size_t size = byte(record_ + 3) << 8 | byte(record_ + 4);
    if (size == 0) return Verdict::empty_record;
    if (size > kRecordMax) return Verdict::complete;
    const std::size_t begin = record_ + kRecordHead;
    const std::size_t here = std::min(collected_.size() - begin, size);
    if (type == kChangeCipherSpecRecord) {
      if (here < size) return Verdict::incomplete;
      record_ = begin + size;
      continue;
    }
    // A record that is seen again has its bytes in head_ already.
    for (std::size_t i = head_.size() - std::min(message_, head_.size());
         i < here && head_.size() < kMessageHead; ++i) {
      head_.push_back(collected_[begin + i]);
    }
    if (const Verdict verdict = judge_message(message_ + here); verdict != Verdict::incomplete) {
      return verdict;
    }
    if (here < size) return Verdict::incomplete;
    record_ = begin + size;
    message_ += size;
  }
  return Verdict::incomplete;
}

/// `size` bytes of the message are there.
ClientHello::Verdict ClientHello::judge_message(std::size_t size) const {
  if (!head_.empty() && std::to_integer<std::size_t>(head_[0]) != kClientHelloMessage) {
    return Verdict::complete;
  }
  if (head_.size() < kMessageHead) return Verdict::incomplete;
  const auto digit = [&](std::size_t at) { return std::to_integer<std::size_t>(head_[at]); };
  const std::size_t whole = kMessageHead + (digit(1) << 16 | digit(2) << 8 | digit(3));
  if (whole > kMessageMax) return Verdict::too_long;
  return size >= whole ? Verdict::complete : Verdict::incomplete;
}

}  // namespace hotline::net
