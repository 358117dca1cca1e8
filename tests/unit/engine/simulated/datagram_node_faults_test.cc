#include <sys/socket.h>

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/simulated_datagrams.h"

// The effects of network faults on the datagrams of DatagramNode.

namespace hotline::engine::datagram_node_faults_test {
namespace {

using std::chrono::seconds;
using test::DatagramCall;
using test::kAgain;
using test::loopback;
using test::named;
using test::receive;
using test::send;

}  // namespace

TEST_CASE("the network loses, duplicates, corrupts and reorders according to the plan") {
  const auto received = [](Fault fault) {
    DatagramCall call(AF_INET, FaultPlan().set(fault, 1'000'000));
    for (const char* text : {"aaa", "bbb", "ccc", "ddd", "eee", "fff"}) {
      send(call.client, text);
      call.pass(std::chrono::milliseconds(10));
    }
    call.pass();
    std::multiset<std::string> all;
    std::string order;
    for (;;) {
      const std::string text = receive(call.server);
      if (text == kAgain) return std::pair(all, order);
      all.insert(text);
      order += text[0];
    }
  };
  CHECK(received(Fault::datagram_loss).first.empty());
  CHECK(received(Fault::datagram_duplication).first.size() == 12);
  CHECK(received(Fault::datagram_duplication).first.count("aaa") == 2);
  const auto corrupt = received(Fault::datagram_corruption).first;
  CHECK(corrupt.size() == 6);
  CHECK(corrupt.count("aaa") == 0);
  const auto [all, order] = received(Fault::datagram_reordering);
  CHECK(all.size() == 6);
  CHECK(order != "abcdef");
}

TEST_CASE("network faults do not affect datagrams on one host, of either kind") {
  FaultPlan plan;
  for (const Fault fault : {Fault::datagram_loss, Fault::datagram_duplication, Fault::delay,
                            Fault::datagram_corruption, Fault::datagram_reordering}) {
    plan.set(fault, 1'000'000);
  }
  test::Wire wire(plan);
  for (const int family : {AF_INET, AF_UNIX}) {
    const auto server = wire.datagrams(wire.a, family);
    const Site site = family == AF_UNIX ? named("/tmp/x") : loopback(80);
    REQUIRE(wire.network.bind(*server, site) == 0);
    CHECK(send(wire.datagrams(wire.a, family), "x", site) == 1);
    wire.pass();
    CHECK(receive(server) == "x");
    CHECK(receive(server) == kAgain);
  }
  CHECK(wire.universe.counts.total() == 0);
}

TEST_CASE("datagrams to a host that is out of reach are lost") {
  DatagramCall call;
  call.network.part(call.a, call.b, call.universe.now + seconds(1));
  CHECK(send(call.client, "lost") == 4);
  call.pass(seconds(2));
  CHECK(send(call.client, "comes") == 5);
  call.pass();
  CHECK(receive(call.server) == "comes");
  CHECK(receive(call.server) == kAgain);
}

}  // namespace hotline::engine::datagram_node_faults_test
