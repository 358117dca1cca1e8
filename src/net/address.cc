#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace hotline::net {
namespace {

template <typename Address>
Address as(const SocketAddress& address) {
  Address typed{};
  std::memcpy(&typed, address.data(), std::min(sizeof typed, address.size()));
  return typed;
}

template <typename Raw>
std::string numeric(int family, const Raw& raw) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, &raw, text.data(), text.size()) == nullptr ? "" : text.data();
}

AddressText describe_ipv6(const sockaddr_in6& address) {
  std::string host = numeric(AF_INET6, address.sin6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    in_addr mapped;
    std::memcpy(&mapped, address.sin6_addr.s6_addr + 12, sizeof mapped);
    host = numeric(AF_INET, mapped);
  }
  if (address.sin6_scope_id != 0) host += "%" + std::to_string(address.sin6_scope_id);
  return {std::move(host), ntohs(address.sin6_port), {}, false};
}

AddressText describe_unix(const SocketAddress& address) {
  const auto typed = as<sockaddr_un>(address);
  const std::size_t start = offsetof(sockaddr_un, sun_path);
  if (address.size() <= start) return {};
  const std::size_t size = address.size() - start;
  if (typed.sun_path[0] == '\0') return {{}, 0, std::string(typed.sun_path + 1, size - 1), true};
  return {{}, 0, std::string(typed.sun_path, ::strnlen(typed.sun_path, size)), false};
}

}  // namespace

int family_of(const SocketAddress& address) {
  return address.is_empty() ? AF_UNSPEC : as<sockaddr>(address).sa_family;
}

AddressText describe(const SocketAddress& address) {
  switch (family_of(address)) {
    case AF_INET: {
      const auto typed = as<sockaddr_in>(address);
      return {numeric(AF_INET, typed.sin_addr), ntohs(typed.sin_port), {}, false};
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

bool is_wildcard(const SocketAddress& address) {
  if (family_of(address) == AF_INET) {
    return as<sockaddr_in>(address).sin_addr.s_addr == htonl(INADDR_ANY);
  }
  if (family_of(address) != AF_INET6) return false;
  const auto typed = as<sockaddr_in6>(address);
  return IN6_IS_ADDR_UNSPECIFIED(&typed.sin6_addr);
}

}  // namespace hotline::net
