#include "server/admission.h"

namespace hotline::server {

Result<void> Admission::take_room() { return room_.acquire(); }

bool Admission::admit(const Endpoint& peer) {
  if (peer.is_local()) return true;
  const std::lock_guard lock(mutex_);
  std::size_t& calls = calls_of_peer_[peer.host()];
  if (calls >= per_peer_) return false;
  ++calls;
  return true;
}

void Admission::leave(const Endpoint& peer) {
  room_.release();
  if (peer.is_local()) return;
  const std::lock_guard lock(mutex_);
  const auto found = calls_of_peer_.find(peer.host());
  if (found != calls_of_peer_.end() && --found->second == 0) calls_of_peer_.erase(found);
}

}  // namespace hotline::server
