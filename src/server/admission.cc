#include "server/admission.h"

#include <cassert>

#include "server/caller_source.h"

namespace hotline::server {

std::optional<Admission::PeerCalls*> Admission::admit(const Endpoint& peer) {
  if (peer.is_local()) return nullptr;
  const std::lock_guard lock(mutex_);
  PeerCalls& calls = *calls_of_peer_.try_emplace(source_of(peer), 0).first;
  if (calls.second >= per_peer_) return std::nullopt;
  ++calls.second;
  return &calls;
}

void Admission::leave(PeerCalls* calls) {
  if (calls == nullptr) return;
  const std::lock_guard lock(mutex_);
  assert(calls->second > 0 && "a call leaves once");
  if (--calls->second == 0) calls_of_peer_.erase(calls_of_peer_.find(calls->first));
}

}  // namespace hotline::server
