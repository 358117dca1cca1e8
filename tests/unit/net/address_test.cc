#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include <doctest/doctest.h>

namespace hotline::net::address_test {
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

TEST_CASE("an IPv4 address is shown in the usual form") {
  const AddressText text = describe(ipv4("192.0.2.1", 65535));
  CHECK(text.host == "192.0.2.1");
  CHECK(text.port == 65535);
  CHECK(text.path.empty());
}

TEST_CASE("an IPv4 address of the shortest or the longest octets is shown whole") {
  for (const char* host : {"0.0.0.0", "9.10.99.100", "100.200.1.0", "255.255.255.255"}) {
    CHECK(describe(ipv4(host, 1)).host == host);
  }
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

TEST_CASE("a UNIX address converts to text and back") {
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

TEST_CASE("an abstract name may contain zeros, and a path ends at one") {
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

TEST_CASE("a path of 108 bytes, which the kernel counts as 111, is shown whole and no further") {
  // The kernel writes into memory that goes on after the address.
  struct {
    sockaddr_un address;
    char beyond[8];
  } memory{};
  memory.address.sun_family = AF_UNIX;
  for (char& c : memory.address.sun_path) c = 'x';
  for (char& c : memory.beyond) c = 'y';
  for (const std::size_t size : {110U, 111U, 112U, 118U}) {
    CAPTURE(size);
    const SocketAddress address(&memory, size);
    CHECK(address.size() == sizeof(sockaddr_un));
    CHECK(describe(address).path == std::string(108, 'x'));
  }
  memory.address.sun_path[0] = '\0';
  CHECK(describe({&memory, 112}).path == std::string(107, 'x'));
  CHECK(describe({&memory, 112}).is_abstract);
}

TEST_CASE("an address of any size and any bytes can be shown") {
  std::array<unsigned char, SocketAddress::kSizeMax> bytes;
  for (const int number : {AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
    const auto family = static_cast<sa_family_t>(number);
    for (const int filling : {0, 1, 120, 255}) {
      bytes.fill(static_cast<unsigned char>(filling));
      std::memcpy(bytes.data(), &family, sizeof family);
      for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const SocketAddress address(bytes.data(), size);
        const AddressText text = describe(address);
        CHECK(text.path.size() <= size);
        CHECK(Endpoint::of_address(Transport::unixgram, address).to_uri().size() >= 9);
        static_cast<void>(is_wildcard(address));
        static_cast<void>(is_loopback(address));
        static_cast<void>(is_relative_path(address));
        static_cast<void>(port_of(with_port(address, 1)));
      }
    }
  }
}

TEST_CASE("a path is relative unless it begins at the root, and a name is not a path") {
  CHECK(is_relative_path(unix_address("run.sock", false)));
  CHECK(is_relative_path(unix_address("./run.sock", false)));
  CHECK_FALSE(is_relative_path(unix_address("/run.sock", false)));
  CHECK_FALSE(is_relative_path(unix_address("run.sock", true)));
  CHECK_FALSE(is_relative_path(unix_autobind_address()));
  CHECK_FALSE(is_relative_path(SocketAddress()));
  CHECK_FALSE(is_relative_path(ipv4("127.0.0.1", 1)));
}

TEST_CASE("addresses are of the same host whatever their ports, mapped or not") {
  CHECK(is_same_host(ipv4("127.0.0.1", 1), ipv4("127.0.0.1", 2)));
  CHECK(is_same_host(ipv4("127.0.0.1", 1), ipv6("::ffff:127.0.0.1", 2)));
  CHECK(is_same_host(ipv6("::1", 1), ipv6("::1", 2)));
  CHECK_FALSE(is_same_host(ipv4("127.0.0.1", 1), ipv4("127.0.0.2", 1)));
  CHECK_FALSE(is_same_host(ipv4("0.0.0.1", 1), ipv6("::1", 1)));
  CHECK_FALSE(is_same_host(unix_address("/a", false), unix_address("/a", false)));
  CHECK_FALSE(is_same_host(SocketAddress(), SocketAddress()));
}

TEST_CASE("the loopback has a whole network in IPv4, mapped too, and one address in IPv6") {
  for (const char* host : {"127.0.0.1", "127.0.0.2", "127.255.255.254"}) {
    CHECK(is_loopback(ipv4(host, 1)));
  }
  CHECK(is_loopback(ipv6("::1", 1)));
  CHECK(is_loopback(ipv6("::ffff:127.0.0.9", 1)));
  CHECK_FALSE(is_loopback(ipv4("128.0.0.1", 1)));
  CHECK_FALSE(is_loopback(ipv6("::2", 1)));
  CHECK_FALSE(is_loopback(ipv6("::", 1)));
  CHECK_FALSE(is_loopback(unix_address("/a", false)));
}

TEST_CASE("the port of an address can be read and changed, where it has one") {
  CHECK(port_of(ipv4("127.0.0.1", 8000)) == 8000);
  CHECK(port_of(ipv6("::1", 8000)) == 8000);
  CHECK(port_of(unix_address("/a", false)) == 0);
  CHECK(port_of(SocketAddress()) == 0);
  CHECK(with_port(ipv4("127.0.0.1", 8000), 1) == ipv4("127.0.0.1", 1));
  CHECK(with_port(ipv6("::1", 8000, 3), 1) == ipv6("::1", 1, 3));
  CHECK(with_port(unix_address("/a", false), 1) == unix_address("/a", false));
}

TEST_CASE("a mapped address equals its IPv4 address, and no other address does") {
  CHECK(ipv4_of_mapped(ipv6("::ffff:127.0.0.1", 80)) == ipv4("127.0.0.1", 80));
  CHECK_FALSE(ipv4_of_mapped(ipv6("::1", 80)));
  CHECK_FALSE(ipv4_of_mapped(ipv4("127.0.0.1", 80)));
  CHECK_FALSE(ipv4_of_mapped(unix_address("/a", false)));
}

TEST_CASE("an unnamed UNIX peer, an empty and an unknown address have no text") {
  CHECK(describe(unix_autobind_address()).path.empty());
  CHECK_FALSE(describe(unix_autobind_address()).is_abstract);
  CHECK(describe(SocketAddress()).host.empty());
  const sa_family_t strange = AF_NETLINK;
  CHECK(describe({&strange, sizeof strange}).host.empty());
}

TEST_CASE("an IPv4 address is made from its number") {
  CHECK(ipv4_address(0x7F000001, 80) == ipv4("127.0.0.1", 80));
  CHECK(ipv4_address(0xC0000201, 0) == ipv4("192.0.2.1", 0));
}

TEST_CASE("only the address of every interface is a wildcard") {
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

}  // namespace hotline::net::address_test
