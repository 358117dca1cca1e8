#include <unistd.h>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/datagrams.h"
#include "support/loops.h"
#include "support/sockets.h"

namespace hotline::datagram_deaf_peers_test {

using test::bound;
using test::connected;
using test::received;
using test::send;
using test::soon;

namespace {

/// Returns the route back to `client`, as `server` sees it.
DatagramRoute route_to(DatagramSocket& client, DatagramSocket& server) {
  send(client, "asks");
  const auto asked = server.receive(soon());
  REQUIRE(asked);
  return *asked->route;
}

}  // namespace

TEST_CASE("a UNIX peer that does not read loses datagrams and does not affect the others") {
  test::on_each_engine([] {
    const std::string name = "unixgram:@hotline-full-" + std::to_string(::getpid());
    DatagramSocket server = bound(name + "-server");
    DatagramSocket deaf = connected(name + "-server");
    DatagramSocket client = connected(name + "-server");
    const DatagramRoute to_deaf = route_to(deaf, server);
    const DatagramRoute to_client = route_to(client, server);
    const std::string large(10'000, 'x');
    const std::vector<OutgoingDatagram> batch(2'000, {as_bytes(large), &to_deaf});
    REQUIRE(server.send_batch(batch));
    send(server, "for the client", &to_client);
    CHECK(received(client) == "for the client");
  });
}

TEST_CASE("a UNIX peer with a full queue delays no other, and is tried every time") {
  test::on_each_engine([] {
    const std::string name = "unixgram:@hotline-filled-" + std::to_string(::getpid());
    DatagramSocket server = bound(name + "-server");
    DatagramSocket deaf = bound(name + "-deaf");
    DatagramSocket client = connected(name + "-server");
    const DatagramRoute to_client = route_to(client, server);
    DatagramRoute to_deaf;
    to_deaf.peer = test::bound_address(deaf.descriptor());
    DatagramSocket helper = bound(name + "-helper");
    const std::vector<OutgoingDatagram> flood(50, {as_bytes("."), &to_deaf});
    REQUIRE(helper.send_batch(flood).value_or(50) < 50);
    const OutgoingDatagram batch[] = {{as_bytes("lost"), &to_deaf},
                                      {as_bytes("one"), &to_client},
                                      {as_bytes("lost"), &to_deaf},
                                      {as_bytes("two"), &to_client}};
    CHECK(server.send_batch(batch).value_or(0) == 2);
    CHECK(received(client) == "one");
    CHECK(received(client) == "two");
  });
}

}  // namespace hotline::datagram_deaf_peers_test
