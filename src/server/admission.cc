#include "server/admission.h"

#include <arpa/inet.h>

#include <array>
#include <cassert>
#include <string>

namespace hotline::server {
namespace {

/// Identifies a caller: an IPv4 address, or the /64 of an IPv6 address, because an IPv6 host can
/// choose any address in it.
std::string key_of(const Endpoint& peer) {
  std::array<char, sizeof(in6_addr)> address;
  const std::string host = peer.host().substr(0, peer.host().find('%'));
  if (::inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return host;
  return '/' + std::string(address.data(), address.size() / 2);
}

}  // namespace

std::optional<Admission::PeerCalls*> Admission::admit(const Endpoint& peer) {
  if (peer.is_local()) return nullptr;
  const std::lock_guard lock(mutex_);
  PeerCalls& calls = *calls_of_peer_.try_emplace(key_of(peer), 0).first;
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
