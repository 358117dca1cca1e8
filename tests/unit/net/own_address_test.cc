#include "net/own_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "net/address.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::net::own_address_test {
namespace {

SocketAddress ipv6(const char* host, std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  REQUIRE(::inet_pton(AF_INET6, host, &address.sin6_addr) == 1);
  return {&address, sizeof address};
}

DatagramRoute from(const SocketAddress& peer) {
  DatagramRoute route;
  route.peer = peer;
  return route;
}

}  // namespace

TEST_CASE("a socket's own address is only that address with that port") {
  const OwnAddress own(test::ipv4_address(8000));
  CHECK(own.is_peer(from(test::ipv4_address(8000))));
  CHECK_FALSE(own.is_peer(from(test::ipv4_address(8001))));
  CHECK_FALSE(own.is_peer(from(test::ipv4_address(8000, "127.0.0.2"))));
  CHECK_FALSE(own.is_peer(from(SocketAddress())));
}

TEST_CASE("a socket bound to every address has its port at all addresses of this machine") {
  test::on_each_engine([] {
    const OwnAddress own(test::ipv4_address(8000, "0.0.0.0"));
    CHECK(own.is_peer(from(test::ipv4_address(8000))));
    CHECK(own.is_peer(from(test::ipv4_address(8000, "127.3.2.1"))));
    CHECK_FALSE(own.is_peer(from(test::ipv4_address(8001))));
    // Documentation addresses are unassigned, so they do not belong to this machine.
    CHECK_FALSE(own.is_peer(from(test::ipv4_address(8000, "192.0.2.1"))));
    const OwnAddress both(ipv6("::", 8000));
    CHECK(both.is_peer(from(ipv6("::1", 8000))));
    CHECK(both.is_peer(from(ipv6("::ffff:127.0.0.1", 8000))));
    CHECK_FALSE(both.is_peer(from(ipv6("::ffff:192.0.2.1", 8000))));
    CHECK_FALSE(both.is_peer(from(ipv6("2001:db8::1", 8000))));
  });
}

TEST_CASE("a UNIX socket's own address is its name") {
  const OwnAddress own(unix_address("/run/upper", false));
  CHECK(own.is_peer(from(unix_address("/run/upper", false))));
  CHECK_FALSE(own.is_peer(from(unix_address("/run/uppe", false))));
  CHECK_FALSE(own.is_peer(from(unix_address("/run/upper", true))));
  CHECK_FALSE(own.is_peer(from(unix_autobind_address())));
}

TEST_CASE("a connected socket recognises no peer as itself") {
  CHECK_FALSE(OwnAddress().is_peer(from(test::ipv4_address(8000))));
  CHECK_FALSE(OwnAddress().is_peer(from(SocketAddress())));
}

}  // namespace hotline::net::own_address_test
