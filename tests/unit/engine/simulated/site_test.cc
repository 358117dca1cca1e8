#include "engine/simulated/site.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include <doctest/doctest.h>

#include "support/simulated.h"
#include "support/sockets.h"

namespace hotline::engine::site_test {
namespace {

SocketAddress unix_of(std::string_view name, std::size_t extra = 0) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  return {&address, offsetof(sockaddr_un, sun_path) + name.size() + extra};
}

}  // namespace

TEST_CASE("an IPv4 address is mapped into IPv6 and converts back unchanged") {
  const SocketAddress address = test::ipv4_address(8000, "10.1.2.3");
  const Site site = Site::of(address);
  CHECK(site.ip == ipv4(10, 1, 2, 3));
  CHECK(site.port == 8000);
  CHECK(site.name.empty());
  CHECK(site.is_ipv4());
  CHECK(site.address(AF_INET) == address);
  const Site mapped = Site::of(site.address(AF_INET6));
  CHECK(mapped == site);
}

TEST_CASE("an IPv6 address converts back unchanged") {
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_port = htons(65535);
  raw.sin6_addr.s6_addr[0] = 0xfd;
  raw.sin6_addr.s6_addr[15] = 9;
  const SocketAddress address(&raw, sizeof raw);
  const Site site = Site::of(address);
  CHECK_FALSE(site.is_ipv4());
  CHECK(site.port == 65535);
  CHECK(site.address(AF_INET6) == address);
}

TEST_CASE("UNIX paths, abstract names and a missing name convert back unchanged") {
  using namespace std::string_view_literals;
  for (const SocketAddress& address : {unix_of("/tmp/x", 1), unix_of("\0name"sv),
                                       unix_of("\0a\0b"sv), unix_of("\0x\0"sv), unix_of("")}) {
    CHECK(Site::of(address).address(AF_UNIX) == address);
  }
  CHECK(Site::of(unix_of("/tmp/x", 1)).name == "/tmp/x");
  CHECK(Site::of(unix_of("/tmp/x")).name == "/tmp/x");
  CHECK(Site::of(unix_of("\0a\0b"sv)).name == "\0a\0b"sv);
  CHECK(Site::of(unix_of("")).name.empty());
  CHECK(Site::of(SocketAddress()) == Site());
}

TEST_CASE("a path of maximum length is kept complete") {
  const std::string longest(sizeof(sockaddr_un::sun_path) - 1, 'x');
  const SocketAddress address = test::named(longest).address(AF_UNIX);
  CHECK(address.size() == sizeof(sockaddr_un));
  CHECK(Site::of(address).name == longest);
}

TEST_CASE("the wildcards and the loopbacks of both families are recognised") {
  Site ipv6_loopback;
  ipv6_loopback.ip[15] = 1;
  CHECK(test::any_ipv4().is_wildcard());
  CHECK(test::any_ipv6().is_wildcard());
  CHECK_FALSE(test::loopback(1).is_wildcard());
  CHECK_FALSE(ipv6_loopback.is_wildcard());
  CHECK(test::loopback(1).is_loopback());
  CHECK(test::ipv4_site(127, 9, 1).is_loopback());
  CHECK(ipv6_loopback.is_loopback());
  CHECK_FALSE(test::any_ipv4().is_loopback());
  CHECK_FALSE(test::any_ipv6().is_loopback());
  CHECK_FALSE(test::ipv4_site(126, 1, 1).is_loopback());
  CHECK_FALSE(test::ipv4_site(128, 1, 1).is_loopback());
}

TEST_CASE("sites compare by address, port and name") {
  const Site site = test::ipv4_site(10, 1, 80);
  CHECK(site == test::ipv4_site(10, 1, 80));
  CHECK(site != test::ipv4_site(10, 2, 80));
  CHECK(site != test::ipv4_site(10, 1, 81));
  CHECK(test::named("a") != test::named("b"));
  CHECK(test::named("a") < test::named("b"));
  CHECK(site.with_ip(ipv4(1, 0, 0, 2)) == test::ipv4_site(1, 2, 80));
}

}  // namespace hotline::engine::site_test
