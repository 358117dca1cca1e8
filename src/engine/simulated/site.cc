#include "engine/simulated/site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

namespace hotline::engine {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr Ip kAny{};
constexpr Ip kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

Site of_unix(const SocketAddress& address) {
  Site site;
  const auto* text = static_cast<const char*>(address.data()) + offsetof(sockaddr_un, sun_path);
  if (address.size() <= offsetof(sockaddr_un, sun_path)) return site;
  const std::size_t size = address.size() - offsetof(sockaddr_un, sun_path);
  site.name.assign(text, text[0] == '\0' ? size : ::strnlen(text, size));
  return site;
}

SocketAddress unix_address(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::min(name.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, name.data(), size);
  const bool is_path = !name.empty() && name.front() != '\0';
  return {&address, offsetof(sockaddr_un, sun_path) + size + (is_path ? 1 : 0)};
}

}  // namespace

Ip ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  Ip ip{};
  std::copy(kMapped.begin(), kMapped.end(), ip.begin());
  ip[12] = a;
  ip[13] = b;
  ip[14] = c;
  ip[15] = d;
  return ip;
}

Site Site::of(const SocketAddress& address) {
  if (address.is_empty()) return {};
  const auto family = static_cast<const sockaddr*>(address.data())->sa_family;
  if (family == AF_UNIX) return of_unix(address);
  Site site;
  if (family == AF_INET) {
    const auto& typed = *static_cast<const sockaddr_in*>(address.data());
    site.ip = ipv4(0, 0, 0, 0);
    std::memcpy(&site.ip[12], &typed.sin_addr, 4);
    site.port = ntohs(typed.sin_port);
  } else {
    const auto& typed = *static_cast<const sockaddr_in6*>(address.data());
    std::memcpy(site.ip.data(), &typed.sin6_addr, 16);
    site.port = ntohs(typed.sin6_port);
  }
  return site;
}

SocketAddress Site::address(int family) const {
  if (family == AF_UNIX) return unix_address(name);
  if (family == AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&address.sin_addr, &ip[12], 4);
    return {&address, sizeof address};
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  std::memcpy(&address.sin6_addr, ip.data(), 16);
  return {&address, sizeof address};
}

bool Site::is_wildcard() const { return ip == kAny || ip == ipv4(0, 0, 0, 0); }

Site Site::to_talk_to() const {
  if (!name.empty() || !is_wildcard()) return *this;
  return with_ip(is_ipv4() ? ipv4(127, 0, 0, 1) : kLoopback);
}

bool Site::is_loopback() const { return ip == kLoopback || (is_ipv4() && ip[12] == 127); }

bool Site::is_ipv4() const { return std::equal(kMapped.begin(), kMapped.end(), ip.begin()); }

}  // namespace hotline::engine
