#include "engine/simulated/node.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include <doctest/doctest.h>

#include "support/simulated.h"

namespace hotline::engine::node_test {
namespace {

class PlainNode final : public Node {
 public:
  using Node::Node;
  std::string_view kind() const override { return "plain"; }
  bool is_ready(Direction) const override { return false; }
};

struct Listener final : Watcher {
  void note_ready(Direction direction) override {
    told += direction == Direction::read ? 'r' : 'w';
  }
  std::string told;
};

}  // namespace

TEST_CASE("a node that cannot be read or written returns an error") {
  SimulatedHost host;
  PlainNode node(host);
  std::byte byte{};
  CHECK(node.read({&byte, 1}) == -EINVAL);
  CHECK(node.write({&byte, 1}) == -EINVAL);
  CHECK(&node.host() == &host);
}

TEST_CASE("each watcher is notified until it is removed") {
  SimulatedHost host;
  PlainNode node(host);
  Listener one;
  Listener other;
  node.notify(Direction::read);
  node.watch(one);
  node.watch(other);
  node.notify(Direction::read);
  node.notify(Direction::write);
  node.unwatch(one);
  node.notify(Direction::read);
  CHECK(one.told == "rw");
  CHECK(other.told == "rwr");
  node.unwatch(one);
  node.unwatch(other);
}

TEST_CASE("an option keeps its value, and one that was never set is 0") {
  SimulatedHost host;
  PlainNode node(host);
  CHECK(test::number_of(node, SOL_SOCKET, SO_KEEPALIVE) == 0);
  test::set_number(node, SOL_SOCKET, SO_KEEPALIVE, 5);
  test::set_number(node, IPPROTO_TCP, SO_KEEPALIVE, 6);
  CHECK(test::number_of(node, SOL_SOCKET, SO_KEEPALIVE) == 5);
  CHECK(test::number_of(node, IPPROTO_TCP, SO_KEEPALIVE) == 6);
  const linger lingering{.l_onoff = 1, .l_linger = 3};
  node.set_option(SOL_SOCKET, SO_LINGER, &lingering, sizeof lingering);
  linger found{};
  std::size_t size = sizeof found;
  CHECK(node.get_option(SOL_SOCKET, SO_LINGER, &found, size) == 0);
  CHECK(size == sizeof found);
  CHECK(found.l_linger == 3);
}

TEST_CASE("an option is cut to the available room") {
  SimulatedHost host;
  PlainNode node(host);
  test::set_number(node, SOL_SOCKET, SO_SNDBUF, 0x01020304);
  std::array<unsigned char, 8> room{};
  std::size_t size = 2;
  CHECK(node.get_option(SOL_SOCKET, SO_SNDBUF, room.data(), size) == 0);
  CHECK(size == 2);
  CHECK(room[2] == 0);
  size = room.size();
  CHECK(node.get_option(SOL_SOCKET, SO_SNDBUF, room.data(), size) == 0);
  CHECK(size == sizeof(int));
}

TEST_CASE("a socket returns its type, whether it listens, and its peer's user") {
  test::Wire wire;
  const auto stream = wire.stream(wire.b);
  const auto datagrams = wire.datagrams(wire.a);
  CHECK(test::number_of(*stream, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
  CHECK(test::number_of(*datagrams, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM);
  CHECK(test::number_of(*stream, SOL_SOCKET, SO_ERROR) == 0);
  CHECK(test::number_of(*stream, SOL_SOCKET, SO_ACCEPTCONN) == 0);
  REQUIRE(wire.network.bind(*stream, test::any_ipv4(80)) == 0);
  REQUIRE(stream->listen(1) == 0);
  CHECK(test::number_of(*stream, SOL_SOCKET, SO_ACCEPTCONN) == 1);
  ucred credentials{};
  std::size_t size = sizeof credentials;
  CHECK(stream->get_option(SOL_SOCKET, SO_PEERCRED, &credentials, size) == 0);
  CHECK(size == sizeof credentials);
  CHECK(credentials.pid == static_cast<pid_t>(wire.b.number));
}

TEST_CASE("the options for addresses are flags") {
  test::Wire wire;
  const auto node = wire.stream(wire.a, AF_INET6);
  CHECK_FALSE(node->is_v6_only());
  CHECK_FALSE(node->shares_port());
  CHECK_FALSE(node->reuses_address());
  test::set_number(*node, IPPROTO_IPV6, IPV6_V6ONLY);
  test::set_number(*node, SOL_SOCKET, SO_REUSEPORT);
  test::set_number(*node, SOL_SOCKET, SO_REUSEADDR);
  CHECK(node->is_v6_only());
  CHECK(node->shares_port());
  CHECK(node->reuses_address());
  test::set_number(*node, SOL_SOCKET, SO_REUSEADDR, 0);
  CHECK_FALSE(node->reuses_address());
}

}  // namespace hotline::engine::node_test
