#include "session/inflow.h"

#include <algorithm>
#include <utility>

namespace hotline::session {
namespace {

// Memory that a flow keeps while it has nothing: so much, or a multiple of what was read last,
// because a flow that carries much will need that again at once.
constexpr std::size_t kEmptyBytesMax = 16 * 1024;
constexpr std::size_t kEmptyToLent = 4;

// A string that grows to what a whole credit allows would take three times as much for a moment.
constexpr std::size_t kCopiedBytesMax = 256 * 1024;

}  // namespace

void Inflow::add(Bytes bytes, std::uint64_t order, SharedMemory memory) {
  if (bytes.empty()) return;
  unused_ -= std::min<std::uint64_t>(unused_, bytes.size());
  // The peer had to stop, or nearly so.
  if (unused_ <= window_ / 8) was_short_ = true;
  if (memory) {
    pieces_.push_back({.order = order, .memory = std::move(memory), .shared = bytes});
    return;
  }
  const bool follows_copy = !pieces_.empty() && !pieces_.back().memory;
  if (follows_copy && pieces_.back().copied.size() + bytes.size() <= kCopiedBytesMax) {
    pieces_.back().copied.append(as_text(bytes));
    return;
  }
  Piece piece{.order = order, .copied = std::exchange(spare_, {})};
  if (follows_copy) piece.copied.reserve(kCopiedBytesMax);
  piece.copied.append(as_text(bytes));
  pieces_.push_back(std::move(piece));
}

void Inflow::note_end(std::uint64_t total, Bytes trailer, std::uint64_t order) {
  end_order_ = order;
  total_ = total;
  trailer_ = as_text(trailer);
  has_ended_ = true;
}

Bytes Inflow::lend() {
  lent_ = std::move(pieces_.front());
  pieces_.erase(pieces_.begin());
  return lent_.bytes();
}

void Inflow::give_back() {
  const std::size_t size = lent_.bytes().size();
  owed_ += size;
  lent_.copied.clear();
  if (spare_.capacity() < lent_.copied.capacity()) spare_.swap(lent_.copied);
  lent_ = {};
  if (is_empty()) drop_if_large(spare_, std::max(kEmptyBytesMax, kEmptyToLent * size));
}

std::uint32_t Inflow::take_credit(GrowthPool& pool) {
  if (has_ended_) return 0;
  // Everything was read, so that more credit would have let the peer go on.
  if (is_empty() && owed_ > 0 && std::exchange(was_short_, false)) {
    const std::uint64_t grown = std::min({window_, window_max_ - window_, pool.left});
    pool.left -= grown;
    window_ += grown;
    owed_ += grown;
  }
  // One CREDIT for many reads; what the peer still has lets it go on until then.
  if (owed_ < window_ / 2) return 0;
  const auto granted = static_cast<std::uint32_t>(std::exchange(owed_, 0));
  unused_ += granted;
  return granted;
}

}  // namespace hotline::session
