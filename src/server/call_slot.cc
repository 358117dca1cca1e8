#include "server/call_slot.h"

#include <cassert>

namespace hotline::server {

CallSlot::~CallSlot() {
  if (state_ == nullptr) return;
  end_authentication();
  if (tally_ != nullptr) tally_->calls_in_flight.fetch_sub(1, std::memory_order_relaxed);
  state_->admission.leave(peer_calls_);
  if (has_room_) state_->admission.give_room_back();
  if (is_served_) state_->note_call_done();
}

CallSlot CallSlot::admit(ServerState& state, const Endpoint& peer) {
  CallSlot slot;
  const auto admitted = state.admission.admit(peer);
  if (!admitted) return slot;
  slot.state_ = &state;
  slot.peer_calls_ = *admitted;
  return slot;
}

bool CallSlot::begin_authentication() {
  assert(state_ != nullptr && !is_unauthenticated_ && "an admitted call authenticates once");
  is_unauthenticated_ = state_->unauthenticated.admit();
  return is_unauthenticated_;
}

void CallSlot::end_authentication() {
  if (std::exchange(is_unauthenticated_, false)) state_->unauthenticated.leave();
}

Result<void> CallSlot::take_room() {
  assert(state_ != nullptr && !has_room_ && "room is for a call that was admitted, once");
  auto taken = state_->admission.take_room();
  has_room_ = taken.has_value();
  return taken;
}

void CallSlot::begin(Tally& tally) {
  assert(state_ != nullptr && tally_ == nullptr && "an admitted call begins once");
  tally_ = &tally;
  tally.calls.fetch_add(1, std::memory_order_relaxed);
  tally.calls_in_flight.fetch_add(1, std::memory_order_relaxed);
}

void CallSlot::note_served() {
  assert(tally_ != nullptr && "a call is served after it has begun");
  is_served_ = true;
}

}  // namespace hotline::server
