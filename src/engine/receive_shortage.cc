#include "engine/receive_shortage.h"

#include "engine/longest_blocked.h"

namespace hotline::engine {

void ReceiveShortage::add(ChannelState& state) noexcept {
  if (!state.is_starved()) (state.weight == Weight::bulk ? bulk_ : light_).push(state);
}

bool ReceiveShortage::is_cut_due(Instant now) noexcept {
  if (pool_.above_reserve() > 0 || now < next_cut_) return false;
  next_cut_ = now + LongestBlocked::kPause;
  pool_.expect_growth();
  return true;
}

Deadline ReceiveShortage::bound(Deadline until, Instant now) const {
  if (!is_felt()) return until;
  return Deadline::earliest(until, Deadline::after(now, LongestBlocked::kPause));
}

}  // namespace hotline::engine
