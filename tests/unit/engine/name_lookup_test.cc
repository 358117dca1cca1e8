#include "engine/name_lookup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::engine::name_lookup_test {
namespace {

sockaddr_in6 ipv6_of(const SocketAddress& address) {
  sockaddr_in6 typed{};
  REQUIRE(address.size() == sizeof typed);
  std::memcpy(&typed, address.data(), sizeof typed);
  return typed;
}

Result<std::vector<SocketAddress>> look_up_tcp(const std::string& host, std::uint16_t port,
                                               LookupPurpose purpose = LookupPurpose::connect) {
  return look_up(host, port, SOCK_STREAM, purpose);
}

}  // namespace

TEST_CASE("a numeric IPv4 address has itself as its only result") {
  test::on_each_engine([] {
    const auto found = look_up_tcp("127.0.0.2", 80);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front() == test::ipv4_address(80, "127.0.0.2"));
  });
}

TEST_CASE("a numeric IPv6 address may have a scope") {
  const auto found = look_up_tcp("::1", 65535);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(ntohs(ipv6_of(found->front()).sin6_port) == 65535);
  const auto scoped = look_up_tcp("fe80::1%lo", 1);
  REQUIRE(scoped);
  CHECK(ipv6_of(scoped->front()).sin6_scope_id != 0);
  const auto numbered = look_up_tcp("fe80::1%7", 1);
  REQUIRE(numbered);
  CHECK(ipv6_of(numbered->front()).sin6_scope_id == 7);
}

TEST_CASE("an empty host means the loopback to connect to, and every interface to bind") {
  const auto to_connect = look_up_tcp("", 80);
  REQUIRE(to_connect);
  CHECK(std::ranges::count(*to_connect, test::ipv4_address(80)) == 1);
  const auto to_bind = look_up_tcp("", 80, LookupPurpose::bind);
  REQUIRE(to_bind);
  CHECK(std::ranges::count(*to_bind, test::ipv4_address(80, "0.0.0.0")) == 1);
}

TEST_CASE("a name is looked up, each address once for the kind of socket") {
  test::on_each_engine([] {
    const auto found = look_up_tcp("localhost", 80);
    REQUIRE(found);
    CHECK(std::ranges::count(*found, test::ipv4_address(80)) == 1);
  });
}

TEST_CASE("an invalid name is unreachable, and the error shows it") {
  test::on_each_engine([] {
    const auto found = look_up_tcp("a..b", 80);
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == ErrorKind::unreachable);
    CHECK(found.error().message().find("a..b") != std::string::npos);
    CHECK_FALSE(found.error().hint().empty());
  });
}

TEST_CASE("a look-up of a name respects the deadline") {
  test::on_each_loop([](EventLoop&) {
    const DeadlineScope scope(Deadline::at(now()));
    CHECK(look_up_tcp("127.0.0.1", 80));
    const auto found = look_up_tcp("localhost", 80);
    // Unless the answer came in the same turn: a completed result counts.
    if (found) return;
    CHECK(found.error().kind == ErrorKind::timed_out);
    CHECK(found.error().endpoint == "localhost");
  });
}

}  // namespace hotline::engine::name_lookup_test
