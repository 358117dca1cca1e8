#include "net/datagram_groups.h"

#include <map>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "support/sockets.h"

namespace hotline::net::datagram_groups_test {
namespace {

std::vector<DatagramRoute> routes_to_ports(std::uint16_t count) {
  std::vector<DatagramRoute> routes(count);
  for (std::uint16_t i = 0; i < count; ++i) {
    routes[i].peer = test::ipv4_address(static_cast<std::uint16_t>(1000 + i));
  }
  return routes;
}

}  // namespace

TEST_CASE("datagrams are ordered by where they go, in the order of the first to each peer") {
  const auto routes = routes_to_ports(2);
  const std::vector<OutgoingDatagram> sent{
      {{}, &routes[1]}, {{}, &routes[0]}, {{}, nullptr}, {{}, &routes[1]}, {{}, nullptr}};
  DatagramGroups groups(5);
  groups.arrange(sent);
  const std::vector<const OutgoingDatagram*> order(groups.order().begin(), groups.order().end());
  CHECK(order ==
        std::vector<const OutgoingDatagram*>{&sent[0], &sent[3], &sent[1], &sent[2], &sent[4]});
  CHECK(std::vector<std::size_t>(groups.ends().begin(), groups.ends().end()) ==
        std::vector<std::size_t>{2, 3, 5});
  groups.arrange({});
  CHECK(groups.order().empty());
  CHECK(groups.ends().empty());
}

TEST_CASE("however datagrams are mixed, each group has all those of one peer, in their order") {
  const auto routes = routes_to_ports(64);
  std::mt19937 random(14);
  DatagramGroups groups(64);
  for (int round = 0; round < 300; ++round) {
    std::vector<OutgoingDatagram> sent(1 + random() % 64);
    const std::size_t peers = 1 + random() % 64;
    for (OutgoingDatagram& each : sent) each.route = &routes[random() % peers];
    std::map<const DatagramRoute*, std::vector<const OutgoingDatagram*>> expected;
    for (const OutgoingDatagram& each : sent) expected[each.route].push_back(&each);
    groups.arrange(sent);
    REQUIRE(groups.ends().size() == expected.size());
    std::size_t begin = 0;
    for (const std::size_t end : groups.ends()) {
      const auto part = groups.order().subspan(begin, end - begin);
      REQUIRE(expected[part.front()->route] ==
              std::vector<const OutgoingDatagram*>(part.begin(), part.end()));
      begin = end;
    }
    REQUIRE(begin == sent.size());
  }
}

}  // namespace hotline::net::datagram_groups_test
