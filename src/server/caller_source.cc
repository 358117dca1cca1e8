#include "server/caller_source.h"

#include <arpa/inet.h>

#include <array>

namespace hotline::server {

std::string source_of(const Endpoint& peer) {
  std::array<char, sizeof(in6_addr)> address;
  const std::string host = peer.host().substr(0, peer.host().find('%'));
  if (::inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return host;
  return '/' + std::string(address.data(), address.size() / 2);
}

std::string source_of(const Stream& call) {
  const Endpoint peer = call.peer();
  if (!has_path(peer.transport())) return source_of(peer);
  const auto credentials = call.peer_credentials();
  return credentials ? "uid:" + std::to_string(credentials->uid) : std::string("uid");
}

}  // namespace hotline::server
