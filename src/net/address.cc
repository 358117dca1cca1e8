#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace hotline::net {

static_assert(SocketAddress::kSizeMax == sizeof(sockaddr_un));

namespace {

template <typename Address>
Address as(const SocketAddress& address) {
  Address typed{};
  std::memcpy(&typed, address.data(), std::min(sizeof typed, address.size()));
  return typed;
}

/// Not by inet_ntop(3), which calls sprintf: each accepted connection comes here.
std::string numeric(const in_addr& address) {
  std::array<std::uint8_t, 4> octets;
  std::memcpy(octets.data(), &address, octets.size());
  std::array<char, INET_ADDRSTRLEN> text;
  char* end = text.data();
  for (const std::uint8_t octet : octets) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), octet).ptr;
  }
  return {text.data(), end};
}

std::string numeric(const in6_addr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr ? "" : text.data();
}

AddressText describe_ipv6(const sockaddr_in6& address) {
  std::string host = numeric(address.sin6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    in_addr mapped;
    std::memcpy(&mapped, address.sin6_addr.s6_addr + 12, sizeof mapped);
    host = numeric(mapped);
  }
  if (address.sin6_scope_id != 0) host += "%" + std::to_string(address.sin6_scope_id);
  return {std::move(host), ntohs(address.sin6_port), {}, false};
}

/// Returns the name in a UNIX address as the kernel counts it: empty without one, an abstract one
/// with its leading zero.
std::string_view unix_name(const SocketAddress& address) {
  constexpr std::size_t kStart = offsetof(sockaddr_un, sun_path);
  if (address.size() <= kStart) return {};
  return {static_cast<const char*>(address.data()) + kStart, address.size() - kStart};
}

AddressText describe_unix(const SocketAddress& address) {
  const std::string_view name = unix_name(address);
  if (name.starts_with('\0')) return {{}, 0, std::string(name.substr(1)), true};
  // A path that fills sun_path has no terminating zero.
  return {{}, 0, std::string(name.substr(0, name.find('\0'))), false};
}

}  // namespace

int family_of(const SocketAddress& address) {
  return address.is_empty() ? AF_UNSPEC : as<sockaddr>(address).sa_family;
}

AddressText describe(const SocketAddress& address) {
  switch (family_of(address)) {
    case AF_INET: {
      const auto typed = as<sockaddr_in>(address);
      return {numeric(typed.sin_addr), ntohs(typed.sin_port), {}, false};
    }
    case AF_INET6: return describe_ipv6(as<sockaddr_in6>(address));
    case AF_UNIX: return describe_unix(address);
    default: return {};
  }
}

SocketAddress unix_address(std::string_view path, bool is_abstract) {
  sockaddr_un typed{};
  typed.sun_family = AF_UNIX;
  const std::size_t lead = is_abstract ? 1 : 0;
  const std::size_t size = std::min(path.size(), sizeof typed.sun_path - 1);
  std::memcpy(typed.sun_path + lead, path.data(), size);
  // A path counts its terminating zero, an abstract name its leading one.
  return {&typed, offsetof(sockaddr_un, sun_path) + size + 1};
}

SocketAddress unix_autobind_address() {
  const sa_family_t family = AF_UNIX;
  return {&family, sizeof family};
}

std::optional<in6_addr> ip_of(const SocketAddress& address) {
  const int family = family_of(address);
  if (family == AF_INET6) return as<sockaddr_in6>(address).sin6_addr;
  if (family != AF_INET) return std::nullopt;
  in6_addr mapped{};
  mapped.s6_addr[10] = mapped.s6_addr[11] = 0xff;
  const in_addr ip = as<sockaddr_in>(address).sin_addr;
  std::memcpy(mapped.s6_addr + 12, &ip, sizeof ip);
  return mapped;
}

bool is_wildcard(const SocketAddress& address) {
  if (family_of(address) == AF_INET) {
    return as<sockaddr_in>(address).sin_addr.s_addr == htonl(INADDR_ANY);
  }
  if (family_of(address) != AF_INET6) return false;
  const auto typed = as<sockaddr_in6>(address);
  return IN6_IS_ADDR_UNSPECIFIED(&typed.sin6_addr);
}

bool is_relative_path(const SocketAddress& address) {
  if (family_of(address) != AF_UNIX) return false;
  const std::string_view name = unix_name(address);
  return !name.empty() && name.front() != '/' && name.front() != '\0';
}

bool is_same_host(const SocketAddress& one, const SocketAddress& other) {
  const auto first = ip_of(one);
  const auto second = ip_of(other);
  return first && second && IN6_ARE_ADDR_EQUAL(&*first, &*second);
}

std::optional<SocketAddress> ipv4_of_mapped(const SocketAddress& address) {
  if (family_of(address) != AF_INET6) return std::nullopt;
  const auto mapped = as<sockaddr_in6>(address);
  if (!IN6_IS_ADDR_V4MAPPED(&mapped.sin6_addr)) return std::nullopt;
  sockaddr_in plain{};
  plain.sin_family = AF_INET;
  plain.sin_port = mapped.sin6_port;
  std::memcpy(&plain.sin_addr, mapped.sin6_addr.s6_addr + 12, sizeof plain.sin_addr);
  return SocketAddress(&plain, sizeof plain);
}

bool is_loopback(const SocketAddress& address) {
  const auto ip = ip_of(address);
  if (!ip) return false;
  return IN6_IS_ADDR_V4MAPPED(&*ip) ? ip->s6_addr[12] == 127 : IN6_IS_ADDR_LOOPBACK(&*ip);
}

bool is_numeric_host(std::string_view text) {
  const bool is_ipv6 = text.contains(':');
  const std::string address(is_ipv6 ? text.substr(0, text.find('%')) : text);
  in6_addr parsed;
  return ::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, address.c_str(), &parsed) == 1;
}

// The port lies in the same place in both families.
static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));

std::uint16_t port_of(const SocketAddress& address) {
  const int family = family_of(address);
  if (family != AF_INET && family != AF_INET6) return 0;
  return ntohs(as<sockaddr_in>(address).sin_port);
}

SocketAddress ipv4_address(std::uint32_t number, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(number);
  return {&address, sizeof address};
}

SocketAddress with_port(const SocketAddress& address, std::uint16_t port) {
  const int family = family_of(address);
  if (family != AF_INET && family != AF_INET6) return address;
  SocketAddress other = address;
  const std::uint16_t number = htons(port);
  std::memcpy(static_cast<std::byte*>(other.data()) + offsetof(sockaddr_in, sin_port), &number,
              sizeof number);
  return other;
}

}  // namespace hotline::net
