#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include <doctest/doctest.h>

namespace hotline::net {
namespace {

SocketAddress ipv4(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  REQUIRE(::inet_pton(AF_INET, host, &address.sin_addr) == 1);
  return {&address, sizeof address};
}

SocketAddress ipv6(const char* host, std::uint16_t port, std::uint32_t scope = 0) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_scope_id = scope;
  REQUIRE(::inet_pton(AF_INET6, host, &address.sin6_addr) == 1);
  return {&address, sizeof address};
}

}  // namespace

TEST_CASE("an IPv4 address is shown as usual") {
  const AddressText text = describe(ipv4("192.0.2.1", 65535));
  CHECK(text.host == "192.0.2.1");
  CHECK(text.port == 65535);
  CHECK(text.path.empty());
}

TEST_CASE("an IPv6 address is shown in its short form, with its scope") {
  CHECK(describe(ipv6("2001:db8:0:0::1", 1)).host == "2001:db8::1");
  CHECK(describe(ipv6("::", 0)).host == "::");
  CHECK(describe(ipv6("fe80::1", 80, 3)).host == "fe80::1%3");
}

TEST_CASE("an IPv4 address mapped into IPv6 is shown as IPv4") {
  const AddressText text = describe(ipv6("::ffff:127.0.0.1", 80));
  CHECK(text.host == "127.0.0.1");
  CHECK(text.port == 80);
}

TEST_CASE("a UNIX address and its text are each other's inverse") {
  for (const bool is_abstract : {false, true}) {
    for (const std::string& name : {std::string("/a"), std::string(107, 'n')}) {
      const SocketAddress address = unix_address(name, is_abstract);
      CHECK(family_of(address) == AF_UNIX);
      const AddressText text = describe(address);
      CHECK(text.path == name);
      CHECK(text.is_abstract == is_abstract);
    }
  }
}

TEST_CASE("an abstract name may hold zeros, a path ends at one") {
  const std::string name("a\0b", 3);
  CHECK(describe(unix_address(name, true)).path == name);
  sockaddr_un typed{};
  typed.sun_family = AF_UNIX;
  typed.sun_path[0] = '/';
  CHECK(describe({&typed, sizeof typed}).path == "/");
}

TEST_CASE("a path that fills sun_path without a terminating zero is shown whole") {
  sockaddr_un typed{};
  typed.sun_family = AF_UNIX;
  for (char& c : typed.sun_path) c = 'x';
  CHECK(describe({&typed, sizeof typed}).path == std::string(108, 'x'));
}

TEST_CASE("an unnamed UNIX peer, an empty and a strange address have no text") {
  CHECK(describe(unix_autobind_address()).path.empty());
  CHECK_FALSE(describe(unix_autobind_address()).is_abstract);
  CHECK(describe(SocketAddress()).host.empty());
  const sa_family_t strange = AF_NETLINK;
  CHECK(describe({&strange, sizeof strange}).host.empty());
}

TEST_CASE("the address of every interface is a wildcard, no other") {
  CHECK(is_wildcard(ipv4("0.0.0.0", 1)));
  CHECK(is_wildcard(ipv6("::", 1)));
  CHECK_FALSE(is_wildcard(ipv4("127.0.0.1", 1)));
  CHECK_FALSE(is_wildcard(ipv6("::1", 1)));
  CHECK_FALSE(is_wildcard(unix_address("/a", false)));
  CHECK_FALSE(is_wildcard(SocketAddress()));
}

TEST_CASE("the family of an empty address is unspecified") {
  CHECK(family_of(SocketAddress()) == AF_UNSPEC);
  CHECK(family_of(ipv4("1.2.3.4", 1)) == AF_INET);
  CHECK(family_of(ipv6("::1", 1)) == AF_INET6);
}

}  // namespace hotline::net
