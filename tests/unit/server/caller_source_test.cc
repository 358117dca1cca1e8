#include "server/caller_source.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "net/address.h"
#include "support/sockets.h"

namespace hotline::server::caller_source_test {
namespace {

std::string source(const std::string& host, int port = 1) {
  return source_of(Endpoint::parse("tcp://" + host + ":" + std::to_string(port)).value());
}

std::string source_of_caller(const std::string& peer, const Identity* identity) {
  return source_of(Endpoint::parse(peer).value(), identity);
}

SocketAddress numeric_address(const std::string& host) {
  return host.contains(':') ? test::ipv6_address(1, host.c_str())
                            : test::ipv4_address(1, host.c_str());
}

}  // namespace

TEST_CASE("an IPv4 address is one source, whatever the port") {
  CHECK(source("192.0.2.1") == source("192.0.2.1", 2));
  CHECK(source("192.0.2.1") != source("192.0.2.2"));
}

TEST_CASE("an IPv6 network of 64 bits is one source") {
  CHECK(source("[2001:db8:0:1::1]") == source("[2001:db8:0:1:ffff:ffff:ffff:ffff]", 2));
  CHECK(source("[2001:db8:0:1::1]") != source("[2001:db8:0:2::1]"));
  CHECK(source("[fe80::1%lo]") == source("[fe80::2%lo]"));
  CHECK(source("[::1]") != source("127.0.0.1"));
}

TEST_CASE("the source of a caller is its address, and at a UNIX socket its user") {
  const Identity user = Identity::of_user({.pid = 7, .uid = 1000, .gid = 100});
  Identity alice{.name = "alice", .kind = Identity::Kind::key};
  for (const Identity* each : {&user, &std::as_const(alice)}) {
    CHECK(source_of_caller("tcp://127.0.0.1:1", each) == "127.0.0.1");
  }
  CHECK(source_of_caller("tcp://127.0.0.1:1", nullptr) == "127.0.0.1");
  CHECK(source_of_caller("unix:@a", &user) == "uid:1000");
  CHECK(source_of_caller("unix:@a", &alice) == "uid");
  CHECK(source_of_caller("unix:@a", nullptr) == "uid");
  alice.credentials = user.credentials;
  CHECK(source_of_caller("unix:@a", &alice) == "uid:1000");
}

TEST_CASE("the number of a source is its IPv4 address, or its IPv6 network of 64 bits") {
  const auto prefix = [](const char* host) { return source_prefix_of(numeric_address(host)); };
  CHECK(prefix("192.0.2.1") == prefix("::ffff:192.0.2.1"));
  CHECK(prefix("192.0.2.1") != prefix("192.0.2.2"));
  CHECK(prefix("2001:db8:0:1::1") == prefix("2001:db8:0:1:ffff::"));
  CHECK(prefix("2001:db8:0:1::1") != prefix("2001:db8:0:2::1"));
  // The same 64 bits as the IPv4 address, but another kind.
  CHECK(prefix("0:0:c000:201::") != prefix("192.0.2.1"));
  CHECK(source_prefix_of(net::unix_address("a", true)) ==
        source_prefix_of(net::unix_address("/b", false)));
  CHECK(source_prefix_of(net::unix_address("a", true)) != prefix("0.0.0.0"));
  CHECK(source_prefix_of(net::unix_address("a", true)) != prefix("::"));
}

TEST_CASE("the loopback and UNIX sockets are of this machine, other addresses are not") {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    CHECK_FALSE(is_of_other_machine(numeric_address(host)));
  }
  for (const char* host : {"192.0.2.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:192.0.2.1"}) {
    CHECK(is_of_other_machine(numeric_address(host)));
  }
  CHECK_FALSE(is_of_other_machine(net::unix_address("a", true)));
  CHECK_FALSE(is_of_other_machine(SocketAddress()));
}

}  // namespace hotline::server::caller_source_test
