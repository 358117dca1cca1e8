#include "server/call_slot.h"

namespace hotline::server {

CallSlot::~CallSlot() {
  if (shared_ == nullptr) return;
  if (tally_ != nullptr) tally_->calls_ended.fetch_add(1, std::memory_order_release);
  shared_->admission.leave(peer_calls_);
  if (has_room_) shared_->admission.give_room_back();
  if (tally_ != nullptr) shared_->end_call();
}

CallSlot CallSlot::admit(Shared& shared, const Endpoint& peer) {
  CallSlot slot;
  const auto admitted = shared.admission.admit(peer);
  if (!admitted) return slot;
  slot.shared_ = &shared;
  slot.peer_calls_ = *admitted;
  return slot;
}

Result<void> CallSlot::take_room() {
  auto taken = shared_->admission.take_room();
  has_room_ = taken.has_value();
  return taken;
}

void CallSlot::begin(Tally& tally) {
  tally_ = &tally;
  tally.calls.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace hotline::server
