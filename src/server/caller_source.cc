#include "server/caller_source.h"

#include <arpa/inet.h>

#include <array>
#include <span>

#include "net/address.h"

namespace hotline::server {
namespace {

// Networks in which no sender can be: those of multicast.
constexpr std::uint64_t kIpv4Network = 0xffff'ffff'0000'0000;
constexpr std::uint64_t kUnixNetwork = 0xff00'0000'0000'0000;

std::uint64_t number_of(std::span<const unsigned char> bytes) {
  std::uint64_t number = 0;
  for (const unsigned char each : bytes) number = number << 8 | each;
  return number;
}

}  // namespace

std::string source_of(const Endpoint& peer) {
  std::array<char, sizeof(in6_addr)> address;
  const std::string host = peer.host().substr(0, peer.host().find('%'));
  if (::inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return host;
  return '/' + std::string(address.data(), address.size() / 2);
}

std::string source_of(const Endpoint& peer, const Identity* identity) {
  if (!has_path(peer.transport())) return source_of(peer);
  const bool is_known = identity != nullptr && identity->credentials;
  return is_known ? "uid:" + std::to_string(identity->credentials->uid) : std::string("uid");
}

std::uint64_t source_prefix_of(const SocketAddress& peer) {
  const auto ip = net::ip_of(peer);
  if (!ip) return kUnixNetwork;
  const std::span bytes(ip->s6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&*ip)) return kIpv4Network | number_of(bytes.last<4>());
  return number_of(bytes.first<8>());
}

bool is_of_other_machine(const SocketAddress& peer) {
  return net::ip_of(peer) && !net::is_loopback(peer);
}

}  // namespace hotline::server
