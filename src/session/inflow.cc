#include "session/inflow.h"

#include <algorithm>
#include <utility>

namespace hotline::session {
namespace {

// Memory that each buffer of a flow keeps while it has nothing: so much, or a multiple of what was
// read last, because a flow that carries much will need that again at once.
constexpr std::size_t kEmptyBytesMax = 16 * 1024;
constexpr std::size_t kEmptyToLent = 4;

}  // namespace

void Inflow::add(Bytes bytes, std::uint64_t order) {
  if (arrived_.empty()) order_ = order;
  arrived_.append(as_text(bytes));
  unused_ -= std::min<std::uint64_t>(unused_, bytes.size());
}

void Inflow::note_end(std::uint64_t total, Bytes trailer, std::uint64_t order) {
  end_order_ = order;
  total_ = total;
  trailer_ = as_text(trailer);
  has_ended_ = true;
}

Bytes Inflow::lend() {
  std::swap(arrived_, lent_);
  return as_bytes(lent_);
}

void Inflow::give_back() {
  const std::size_t kept = std::max(kEmptyBytesMax, kEmptyToLent * lent_.size());
  owed_ += lent_.size();
  lent_.clear();
  if (!is_empty()) return;
  drop_if_large(lent_, kept);
  drop_if_large(arrived_, kept);
}

std::uint32_t Inflow::take_credit(GrowthPool& pool) {
  if (has_ended_) return 0;
  // The peer had to stop, or nearly so, although everything was read.
  if (is_empty() && owed_ > 0 && unused_ <= window_ / 8) {
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
