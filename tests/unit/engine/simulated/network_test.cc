#include "engine/simulated/network.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "support/simulated.h"

namespace hotline::engine::network_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::any_ipv4;
using test::any_ipv6;
using test::loopback;
using test::named;
using test::site_of;
using test::Wire;

struct Bound {
  int family;
  Site site;
  bool is_v6_only = false;
};

/// Returns the result of binding `second` while `first` is bound, both with these options.
int bind_beside(const Bound& first, const Bound& second, std::initializer_list<int> options = {}) {
  Wire wire;
  const std::array nodes{wire.stream(wire.a, first.family), wire.stream(wire.a, second.family)};
  const std::array bound{first, second};
  for (std::size_t i = 0; i < 2; ++i) {
    for (const int option : options) test::set_number(*nodes[i], SOL_SOCKET, option);
    test::set_number(*nodes[i], IPPROTO_IPV6, IPV6_V6ONLY, bound[i].is_v6_only ? 1 : 0);
  }
  REQUIRE(wire.network.bind(*nodes[0], first.site) == 0);
  return wire.network.bind(*nodes[1], second.site);
}

}  // namespace

TEST_CASE("a host is made on first use, with three addresses of its own") {
  Wire wire;
  CHECK(&wire.network.host("a") == &wire.a);
  CHECK(wire.network.find_host("a") == &wire.a);
  CHECK(wire.network.find_host("c") == nullptr);
  CHECK(wire.a.addresses.at(0) == ipv4(10, 0, 0, 1));
  CHECK(wire.a.addresses.at(1) == ipv4(10, 0, 1, 1));
  CHECK(wire.b.addresses.at(0) == ipv4(10, 0, 0, 2));
  CHECK(wire.b.addresses.at(2)[0] == 0xfd);
  CHECK(wire.b.addresses.at(2)[15] == 2);
}

TEST_CASE("an address leads to its host, loopback and wildcard to the own host") {
  Wire wire;
  for (const Ip& ip : wire.b.addresses) CHECK(wire.network.host_at(ip, wire.a) == &wire.b);
  Ip ipv6_loopback{};
  ipv6_loopback[15] = 1;
  for (const Ip& ip : {ipv4(127, 0, 0, 1), ipv6_loopback, ipv4(0, 0, 0, 0), Ip{}}) {
    CHECK(wire.network.host_at(ip, wire.a) == &wire.a);
    CHECK(wire.network.host_at(ip, wire.b) == &wire.b);
  }
  CHECK(wire.network.host_at(ipv4(10, 0, 0, 3), wire.a) == nullptr);
}

TEST_CASE("a socket binds only to addresses of its host, and once") {
  Wire wire;
  for (const Ip& ip : wire.a.addresses) {
    CHECK(wire.network.bind(*wire.stream(wire.a, AF_INET6), {.ip = ip, .port = 80, .name = {}}) ==
          0);
  }
  const auto node = wire.stream(wire.a);
  CHECK(wire.network.bind(*node, site_of(wire.b, 80)) == -EADDRNOTAVAIL);
  CHECK(wire.network.bind(*node, test::ipv4_site(10, 9, 80)) == -EADDRNOTAVAIL);
  CHECK_FALSE(node->is_bound);
  CHECK(wire.network.bind(*node, any_ipv4(81)) == 0);
  CHECK(node->local == any_ipv4(81));
  CHECK(wire.network.bind(*node, any_ipv4(82)) == -EINVAL);
}

TEST_CASE("an address is taken by every socket that overlaps with it") {
  const Bound any4{AF_INET, any_ipv4(80)};
  const Bound own{AF_INET, test::ipv4_site(10, 1, 80)};
  const Bound local{AF_INET, loopback(80)};
  const Bound dual{AF_INET6, any_ipv6(80)};
  const Bound only6{AF_INET6, any_ipv6(80), true};
  const Bound own6{
      AF_INET6,
      {.ip = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, .port = 80, .name = {}}};
  const Bound other_port{AF_INET, any_ipv4(81)};
  const auto conflict = [](const Bound& one, const Bound& other) {
    CHECK(bind_beside(one, other) == -EADDRINUSE);
    CHECK(bind_beside(other, one) == -EADDRINUSE);
  };
  const auto harmony = [](const Bound& one, const Bound& other) {
    CHECK(bind_beside(one, other) == 0);
    CHECK(bind_beside(other, one) == 0);
  };
  conflict(any4, any4);
  conflict(any4, own);
  conflict(own, own);
  conflict(any4, local);
  conflict(dual, any4);
  conflict(dual, own);
  conflict(dual, dual);
  conflict(dual, own6);
  conflict(only6, only6);
  conflict(only6, own6);
  harmony(own, local);
  harmony(only6, any4);
  harmony(only6, own);
  harmony(own6, any4);
  harmony(any4, other_port);
}

TEST_CASE("SO_REUSEPORT and SO_REUSEADDR let two sockets share an address if both set it") {
  const Bound any{AF_INET, any_ipv4(80)};
  CHECK(bind_beside(any, any, {SO_REUSEPORT}) == 0);
  CHECK(bind_beside(any, any, {SO_REUSEADDR}) == 0);
  for (const int option : {SO_REUSEPORT, SO_REUSEADDR}) {
    Wire wire;
    const auto one = wire.stream(wire.a);
    const auto other = wire.stream(wire.a);
    test::set_number(*one, SOL_SOCKET, option);
    REQUIRE(wire.network.bind(*one, any_ipv4(80)) == 0);
    CHECK(wire.network.bind(*other, any_ipv4(80)) == -EADDRINUSE);
  }
}

TEST_CASE("SO_REUSEADDR neither takes an address from a listener nor lets two listen") {
  Wire wire;
  std::array nodes{wire.stream(wire.a), wire.stream(wire.a), wire.stream(wire.a)};
  for (const auto& node : nodes) test::set_number(*node, SOL_SOCKET, SO_REUSEADDR);
  REQUIRE(wire.network.bind(*nodes[0], any_ipv4(80)) == 0);
  REQUIRE(wire.network.bind(*nodes[1], any_ipv4(80)) == 0);
  CHECK(nodes[0]->listen(1) == 0);
  CHECK(nodes[0]->listen(2) == 0);
  CHECK(nodes[1]->listen(1) == -EADDRINUSE);
  CHECK(wire.network.bind(*nodes[2], any_ipv4(80)) == -EADDRINUSE);
  nodes[0]->close();
  CHECK(nodes[1]->listen(1) == 0);
}

TEST_CASE("TCP and UDP, and two hosts, do not conflict") {
  Wire wire;
  CHECK(wire.network.bind(*wire.stream(wire.a), any_ipv4(80)) == 0);
  const auto udp = wire.datagrams(wire.a);
  const auto there = wire.stream(wire.b);
  CHECK(wire.network.bind(*udp, any_ipv4(80)) == 0);
  CHECK(wire.network.bind(*there, any_ipv4(80)) == 0);
}

TEST_CASE("an address is free again once its socket has closed") {
  Wire wire;
  const auto node = wire.stream(wire.a);
  REQUIRE(wire.network.bind(*node, any_ipv4(80)) == 0);
  node->close();
  CHECK(wire.network.bind(*wire.stream(wire.a), any_ipv4(80)) == 0);
}

TEST_CASE("port 0 chooses a free ephemeral port") {
  Wire wire;
  std::vector<std::shared_ptr<StreamNode>> nodes;
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 300; ++i) {
    nodes.push_back(wire.stream(wire.a));
    REQUIRE(wire.network.bind(*nodes.back(), any_ipv4()) == 0);
    ports.insert(nodes.back()->local.port);
  }
  CHECK(ports.size() == 300);
  CHECK(*ports.begin() >= 32768);
  CHECK(*ports.rbegin() < 61000);
}

TEST_CASE("a path can be bound once, until it is removed, whichever socket owns it") {
  Wire wire;
  const auto first = wire.stream(wire.a, AF_UNIX);
  REQUIRE(wire.network.bind(*first, named("/tmp/x")) == 0);
  CHECK(wire.a.paths.contains("/tmp/x"));
  const auto second = wire.stream(wire.a, AF_UNIX);
  CHECK(wire.network.bind(*second, named("/tmp/x")) == -EADDRINUSE);
  CHECK(wire.network.bind(*wire.datagrams(wire.a, AF_UNIX), named("/tmp/x")) == -EADDRINUSE);
  const auto elsewhere = wire.stream(wire.b, AF_UNIX);
  CHECK(wire.network.bind(*elsewhere, named("/tmp/x")) == 0);
  first->close();
  CHECK(wire.network.bind(*second, named("/tmp/x")) == -EADDRINUSE);
  const auto inode = wire.a.paths.at("/tmp/x").inode;
  wire.a.paths.erase("/tmp/x");
  CHECK(wire.network.bind(*second, named("/tmp/x")) == 0);
  CHECK(wire.a.paths.at("/tmp/x").inode != inode);
}

TEST_CASE("a path leads to the socket that created it last") {
  Wire wire;
  const auto old = wire.stream(wire.a, AF_UNIX);
  const auto fresh = wire.stream(wire.a, AF_UNIX);
  REQUIRE(wire.network.bind(*old, named("/tmp/x")) == 0);
  REQUIRE(old->listen(1) == 0);
  wire.a.paths.erase("/tmp/x");
  CHECK(wire.network.find_listener(wire.a, named("/tmp/x")) == nullptr);
  REQUIRE(wire.network.bind(*fresh, named("/tmp/x")) == 0);
  REQUIRE(fresh->listen(1) == 0);
  for (int i = 0; i < 20; ++i) {
    CHECK(wire.network.find_listener(wire.a, named("/tmp/x")) == fresh.get());
  }
}

TEST_CASE("an abstract name is taken as long as its socket is open, by type and host") {
  Wire wire;
  const std::string name("\0name", 5);
  const auto first = wire.stream(wire.a, AF_UNIX);
  REQUIRE(wire.network.bind(*first, named(name)) == 0);
  CHECK(wire.network.bind(*wire.stream(wire.a, AF_UNIX), named(name)) == -EADDRINUSE);
  const auto datagrams = wire.datagrams(wire.a, AF_UNIX);
  const auto elsewhere = wire.stream(wire.b, AF_UNIX);
  CHECK(wire.network.bind(*datagrams, named(name)) == 0);
  CHECK(wire.network.bind(*elsewhere, named(name)) == 0);
  first->close();
  CHECK(wire.network.bind(*wire.stream(wire.a, AF_UNIX), named(name)) == 0);
  CHECK(wire.a.paths.empty());
}

TEST_CASE("a UNIX socket that is bound without a name gets an abstract one of five digits") {
  Wire wire;
  std::set<std::string> names;
  std::vector<std::shared_ptr<DatagramNode>> nodes;
  for (int i = 0; i < 100; ++i) {
    nodes.push_back(wire.datagrams(wire.a, AF_UNIX));
    REQUIRE(wire.network.bind(*nodes.back(), {}) == 0);
    const std::string& name = nodes.back()->local.name;
    CHECK(name.size() == 6);
    CHECK(name.front() == '\0');
    CHECK(name.find_first_not_of("0123456789abcdef", 1) == name.npos);
    names.insert(name);
  }
  CHECK(names.size() == 100);
}

TEST_CASE("a socket that sends without an address gets one") {
  Wire wire;
  const auto source = [&](int family, const Site& target) {
    const auto node = wire.stream(wire.a, family);
    REQUIRE(wire.network.bind_for(*node, target) == 0);
    CHECK(node->local.port >= 32768);
    return node->local.ip;
  };
  CHECK(source(AF_INET, site_of(wire.b, 80)) == wire.a.addresses[0]);
  CHECK(source(AF_INET6, site_of(wire.b, 80, 2)) == wire.a.addresses[2]);
  CHECK(source(AF_INET, loopback(80)) == ipv4(127, 0, 0, 1));
  const auto bound = wire.stream(wire.a);
  REQUIRE(wire.network.bind(*bound, site_of(wire.a, 7, 1)) == 0);
  CHECK(wire.network.bind_for(*bound, site_of(wire.b, 80)) == 0);
  CHECK(bound->local == site_of(wire.a, 7, 1));
  const auto wide = wire.stream(wire.a);
  REQUIRE(wire.network.bind(*wide, any_ipv4(9)) == 0);
  CHECK(wire.network.bind_for(*wide, site_of(wire.b, 80)) == 0);
  CHECK(wide->local == site_of(wire.a, 9));
}

TEST_CASE("a caller reaches a listener at its very address, otherwise at the wildcard") {
  Wire wire;
  const auto exact = wire.stream(wire.a);
  const auto wide = wire.stream(wire.a);
  for (const auto& node : {exact, wide}) test::set_number(*node, SOL_SOCKET, SO_REUSEADDR);
  REQUIRE(wire.network.bind(*exact, site_of(wire.a, 80)) == 0);
  REQUIRE(wire.network.bind(*wide, any_ipv4(80)) == 0);
  CHECK(wire.network.find_listener(wire.a, site_of(wire.a, 80)) == nullptr);
  REQUIRE(wide->listen(1) == 0);
  CHECK(wire.network.find_listener(wire.a, site_of(wire.a, 80)) == wide.get());
  CHECK(wire.network.find_listener(wire.a, site_of(wire.a, 80, 1)) == wide.get());
  CHECK(wire.network.find_listener(wire.a, loopback(80)) == wide.get());
  CHECK(wire.network.find_listener(wire.a, site_of(wire.a, 81)) == nullptr);
  CHECK(wire.network.find_listener(wire.b, site_of(wire.b, 80)) == nullptr);
}

TEST_CASE("a listener at the very address is preferred to one at the wildcard") {
  Wire wire;
  const auto exact = wire.stream(wire.a);
  const auto wide = wire.stream(wire.a);
  for (const auto& node : {exact, wide}) test::set_number(*node, SOL_SOCKET, SO_REUSEPORT);
  REQUIRE(wire.network.bind(*wide, any_ipv4(80)) == 0);
  REQUIRE(wire.network.bind(*exact, site_of(wire.a, 80)) == 0);
  REQUIRE(wide->listen(1) == 0);
  REQUIRE(exact->listen(1) == 0);
  for (int i = 0; i < 20; ++i) {
    CHECK(wire.network.find_listener(wire.a, site_of(wire.a, 80)) == exact.get());
    CHECK(wire.network.find_listener(wire.a, loopback(80)) == wide.get());
  }
}

TEST_CASE("an IPv6 listener accepts IPv4 callers unless it is IPv6-only") {
  for (const bool is_v6_only : {false, true}) {
    Wire wire;
    const auto node = wire.stream(wire.a, AF_INET6);
    test::set_number(*node, IPPROTO_IPV6, IPV6_V6ONLY, is_v6_only ? 1 : 0);
    REQUIRE(wire.network.bind(*node, any_ipv6(80)) == 0);
    REQUIRE(node->listen(1) == 0);
    CHECK((wire.network.find_listener(wire.a, site_of(wire.a, 80)) == nullptr) == is_v6_only);
    CHECK(wire.network.find_listener(wire.a, site_of(wire.a, 80, 2)) == node.get());
  }
}

TEST_CASE("listeners that share a port each get some of the callers") {
  Wire wire;
  std::array nodes{wire.stream(wire.a), wire.stream(wire.a), wire.stream(wire.a)};
  for (const auto& node : nodes) {
    test::set_number(*node, SOL_SOCKET, SO_REUSEPORT);
    REQUIRE(wire.network.bind(*node, any_ipv4(80)) == 0);
    REQUIRE(node->listen(1) == 0);
  }
  std::set<StreamNode*> found;
  for (int i = 0; i < 100; ++i) {
    found.insert(wire.network.find_listener(wire.a, site_of(wire.a, 80)));
  }
  CHECK(found.size() == 3);
}

TEST_CASE("data arrives within the bounds of latency, and on the same host almost at once") {
  Wire wire({}, {.latency_min = milliseconds(10), .latency_max = milliseconds(20)});
  for (int i = 0; i < 100; ++i) {
    const Duration trip = wire.network.arrival(wire.a, wire.b) - wire.universe.now;
    CHECK(trip >= milliseconds(10));
    CHECK(trip <= milliseconds(20));
    CHECK(wire.network.arrival(wire.a, wire.a) - wire.universe.now < milliseconds(1));
  }
}

TEST_CASE("nothing arrives between two partitioned hosts before the partition heals") {
  Wire wire;
  SimulatedHost& c = wire.network.host("c");
  const Instant heals = wire.universe.now + seconds(5);
  wire.network.part(wire.a, wire.b, heals);
  wire.network.part(wire.b, wire.a, wire.universe.now + seconds(1));
  CHECK(wire.network.is_parted(wire.a, wire.b));
  CHECK(wire.network.is_parted(wire.b, wire.a));
  CHECK_FALSE(wire.network.is_parted(wire.a, c));
  CHECK(wire.network.arrival(wire.a, wire.b) > heals);
  CHECK(wire.network.arrival(wire.b, wire.a) > heals);
  CHECK(wire.network.arrival(wire.a, c) < heals);
  CHECK(wire.network.arrival(wire.a, wire.a) < heals);
  wire.universe.now = heals;
  CHECK_FALSE(wire.network.is_parted(wire.a, wire.b));
  CHECK(wire.network.arrival(wire.a, wire.b) < heals + seconds(1));
}

TEST_CASE("a delay makes data late, a partition even later, and neither applies on one host") {
  Wire late(FaultPlan().set(Fault::delay, 1'000'000));
  Duration longest{};
  for (int i = 0; i < 50; ++i) {
    longest = std::max(longest, late.network.arrival(late.a, late.b) - late.universe.now);
    CHECK(late.network.arrival(late.a, late.a) < late.universe.now + milliseconds(1));
  }
  CHECK(longest > seconds(1));
  CHECK(longest < seconds(3));
  Wire parted(FaultPlan().set(Fault::partition, 1'000'000));
  parted.network.arrival(parted.a, parted.a);
  CHECK(parted.universe.counts.total() == 0);
  parted.network.arrival(parted.a, parted.b);
  CHECK(parted.network.is_parted(parted.b, parted.a));
}

}  // namespace hotline::engine::network_test
