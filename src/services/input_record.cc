#include "services/input_record.h"

#include <algorithm>

namespace hotline::services {

Result<void> InputRecord::begin(bool is_wanted, std::uint64_t offset) {
  is_wanted_ = is_wanted;
  position_ = offset;
  if (begin_ == InputBegin::next_byte && is_wanted) before_ = offset;
  begin_ = InputBegin::first_byte;
  flow_ = OutputDigest();
  const std::uint64_t kept_from = size() - tail_.size();
  if (!is_wanted || offset >= kept_from) return {};
  return fail(make_error(ErrorKind::unsupported, "send the input of a command again to", {},
                         "the server needs it from byte " + std::to_string(offset) +
                             " on, and the client keeps " + std::to_string(tail_.size()) + " of " +
                             std::to_string(size()) + " bytes",
                         "cancel the command and run it again"));
}

Bytes InputRecord::unsent() const {
  if (!is_wanted_ || position_ >= size()) return {};
  return as_bytes(tail_).last(size() - position_);
}

void InputRecord::note_sent(std::size_t count) { carry(unsent().first(count)); }

std::size_t InputRecord::skipped(std::size_t count) const {
  if (!is_wanted_) return count;
  if (position_ <= size()) return 0;
  return static_cast<std::size_t>(std::min<std::uint64_t>(count, position_ - size()));
}

void InputRecord::add(Bytes bytes) {
  carry(bytes.subspan(skipped(bytes.size())));
  whole_.add(bytes);
  if (memory_ == InputMemory::none) return;
  tail_.append(as_text(bytes));
  // Not each time: what follows has to be moved.
  if (tail_.size() >= 2 * kInputTailMax) tail_.erase(0, tail_.size() - kInputTailMax);
}

InputTrailer InputRecord::trailer() const {
  InputTrailer trailer{.flow = flow_.value(), .whole = std::nullopt};
  if (before_ == 0) trailer.whole = is_wanted_ ? whole_.value() : flow_.value();
  return trailer;
}

void InputRecord::carry(Bytes bytes) {
  flow_.add(bytes);
  position_ += bytes.size();
}

}  // namespace hotline::services
