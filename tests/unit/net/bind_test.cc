#include "net/bind.h"

#include <sys/socket.h>

#include <doctest/doctest.h>

#include "hotline/net/datagram_socket.h"
#include "support/loops.h"
#include "support/sockets.h"
#include "support/temporary_directory.h"

namespace hotline::net {
namespace {

Endpoint endpoint_of(const std::string& uri) {
  const auto endpoint = Endpoint::parse(uri);
  REQUIRE(endpoint);
  return *endpoint;
}

Result<BoundSocket> bound(const std::string& uri, int type,
                          PortSharing sharing = PortSharing::exclusive) {
  return bind_socket(endpoint_of(uri), type, {}, sharing);
}

}  // namespace

TEST_CASE("a bound socket tells its address with the port that the kernel gave") {
  for (const char* uri : {"tcp://127.0.0.1:0", "tcp://[::1]:0", "tcp://:0"}) {
    CAPTURE(std::string(uri));
    const auto socket = bound(uri, SOCK_STREAM);
    REQUIRE(socket);
    CHECK(socket->endpoint.port() != 0);
    CHECK(socket->endpoint.format() ==
          Endpoint::of_address(Transport::tcp, socket->address).format());
  }
}

TEST_CASE("every address means IPv6 and IPv4 together where the machine has both") {
  const auto socket = bound("udp://:0", SOCK_DGRAM);
  REQUIRE(socket);
  CHECK(socket->endpoint.host() == "::");
}

TEST_CASE("two exclusive sockets cannot be bound to one port, of UDP neither") {
  const auto first = bound("udp://127.0.0.1:0", SOCK_DGRAM);
  REQUIRE(first);
  CHECK(test::kind_of(bound(first->endpoint.format(), SOCK_DGRAM)) == "address_in_use");
  const std::string shared = first->endpoint.format();
  CHECK(test::kind_of(bound(shared, SOCK_DGRAM, PortSharing::shared)) == "address_in_use");
}

TEST_CASE("sockets that share their port can be bound beside each other, and are noticed") {
  for (const auto& [scheme, type] : {std::pair("tcp", SOCK_STREAM), std::pair("udp", SOCK_DGRAM)}) {
    const std::string any = std::string(scheme) + "://127.0.0.1:0";
    const auto first = bound(any, type, PortSharing::shared);
    REQUIRE(first);
    if (type == SOCK_STREAM) REQUIRE(::listen(first->channel->fd(), 1) == 0);
    CHECK(bound(first->endpoint.format(), type, PortSharing::shared));
    CHECK(test::kind_of(check_unshared(first->endpoint, type)) == "address_in_use");
  }
}

TEST_CASE("where nobody is bound nobody is noticed, and port 0 is always free") {
  std::uint16_t port = 0;
  {
    const auto socket = bound("tcp://127.0.0.1:0", SOCK_STREAM);
    REQUIRE(socket);
    port = socket->endpoint.port();
  }
  CHECK(check_unshared(endpoint_of("tcp://127.0.0.1:" + std::to_string(port)), SOCK_STREAM));
  CHECK(check_unshared(endpoint_of("tcp://127.0.0.1:0"), SOCK_STREAM));
  CHECK(check_unshared(endpoint_of("unix:///anywhere"), SOCK_STREAM));
}

TEST_CASE("a path that could not be bound is not left behind") {
  const test::TemporaryDirectory directory;
  const auto socket = bound("unix://" + directory.file("none/s"), SOCK_STREAM);
  REQUIRE_FALSE(socket);
  CHECK(socket.error().kind == ErrorKind::not_found);
}

TEST_CASE("an inherited socket keeps its address, and its transport is found out") {
  const auto original = bound("udp://127.0.0.1:0", SOCK_DGRAM);
  REQUIRE(original);
  const auto inherited = bound("fd:" + std::to_string(original->channel->fd()), SOCK_DGRAM);
  REQUIRE(inherited);
  CHECK(inherited->endpoint.format() == original->endpoint.format());
}

}  // namespace hotline::net
