#include "engine/simulated/stream_node.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <string>

#include <doctest/doctest.h>

#include "support/simulated_call.h"

namespace hotline::engine::stream_node_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::any_ipv4;
using test::Call;
using test::kAgain;
using test::named;
using test::receive;
using test::send;
using test::site_of;

}  // namespace

TEST_CASE("a connection is made in a round trip, and both sides know each other") {
  Call call;
  const auto caller = call.call();
  CHECK(call.begun == -EAGAIN);
  CHECK_FALSE(caller->is_ready(Direction::write));
  CHECK_FALSE(call.listener->is_ready(Direction::read));
  CHECK_FALSE(caller->has_peer);
  call.pass();
  CHECK(caller->is_ready(Direction::write));
  CHECK_FALSE(caller->is_ready(Direction::read));
  CHECK(call.listener->is_ready(Direction::read));
  const auto answerer = call.listener->take_caller();
  REQUIRE(answerer);
  CHECK(call.listener->take_caller() == nullptr);
  CHECK(caller->peer == call.target);
  CHECK(answerer->local == call.target);
  CHECK(answerer->peer == caller->local);
  CHECK(caller->local.ip == call.a.addresses[0]);
}

TEST_CASE("bytes arrive in order, in both directions, and before the end") {
  for (const int family : {AF_INET, AF_UNIX}) {
    Call call(family);
    const auto [caller, answerer] = call.connected();
    CHECK(receive(answerer) == kAgain);
    std::string all;
    for (int i = 0; i < 100; ++i) {
      CHECK(send(caller, std::to_string(i)) > 0);
      all += std::to_string(i);
    }
    CHECK(send(answerer, "back") == 4);
    CHECK(caller->shut_down(SHUT_WR) == 0);
    call.pass();
    CHECK(receive(answerer, 5) == all.substr(0, 5));
    CHECK(receive(answerer) == all.substr(5));
    CHECK(receive(answerer).empty());
    CHECK(receive(answerer).empty());
    CHECK(receive(caller) == "back");
    CHECK(receive(caller) == kAgain);
  }
}

TEST_CASE("after a half-close the other direction goes on") {
  for (const int family : {AF_INET, AF_UNIX}) {
    Call call(family);
    const auto [caller, answerer] = call.connected();
    REQUIRE(caller->shut_down(SHUT_WR) == 0);
    CHECK(send(caller, "x") == -EPIPE);
    call.pass();
    CHECK(receive(answerer).empty());
    CHECK(send(answerer, "reply") == 5);
    call.pass();
    CHECK(receive(caller) == "reply");
  }
}

TEST_CASE("without a listener a connect is refused, without a host it is unreachable") {
  Call call;
  const auto caller = call.stream(call.a);
  CHECK(caller->connect(site_of(call.b, 81)) == -EAGAIN);
  call.pass();
  CHECK(caller->is_ready(Direction::write));
  CHECK(caller->connect(site_of(call.b, 81)) == -ECONNREFUSED);
  CHECK_FALSE(caller->has_peer);
  CHECK(call.stream(call.a)->connect(test::ipv4_site(10, 99, 80)) == -EHOSTUNREACH);
  const auto bound = call.stream(call.b);
  REQUIRE(call.network.bind(*bound, any_ipv4(82)) == 0);
  CHECK(caller->connect(site_of(call.b, 82)) == -EAGAIN);
  call.pass();
  CHECK(test::number_of(*caller, SOL_SOCKET, SO_ERROR) == ECONNREFUSED);
  CHECK(test::number_of(*caller, SOL_SOCKET, SO_ERROR) == 0);
}

TEST_CASE("a socket that was refused can connect elsewhere") {
  Call call;
  const auto caller = call.stream(call.a);
  caller->connect(site_of(call.b, 81));
  call.pass();
  REQUIRE(caller->connect(call.target) == -ECONNREFUSED);
  CHECK(caller->connect(call.target) == -EAGAIN);
  call.pass();
  CHECK(caller->connect(call.target) == 0);
}

TEST_CASE("a connect to the wildcard reaches the own loopback") {
  Call call;
  const auto caller = call.stream(call.b);
  CHECK(caller->connect(any_ipv4(80)) == -EAGAIN);
  call.pass();
  CHECK(caller->connect(any_ipv4(80)) == 0);
  CHECK(caller->peer == test::loopback(80));
}

TEST_CASE("a connect to a host that is out of reach times out after 127 seconds") {
  Call call;
  call.network.part(call.a, call.b, call.universe.now + minutes(10));
  const auto caller = call.call();
  call.pass(seconds(126));
  CHECK(caller->connect(call.target) == -EAGAIN);
  call.pass(seconds(1));
  CHECK(caller->connect(call.target) == -ETIMEDOUT);
}

TEST_CASE("a call goes through when a partition heals in time") {
  Call call;
  call.network.part(call.a, call.b, call.universe.now + minutes(1));
  const auto caller = call.call();
  call.pass(seconds(59));
  CHECK(caller->connect(call.target) == -EAGAIN);
  call.pass(minutes(1));
  CHECK(caller->connect(call.target) == 0);
}

TEST_CASE("one more than the backlog may wait; further TCP callers try again and again") {
  Call call(AF_INET, 1);
  const auto first = call.call();
  call.pass(milliseconds(100));
  const auto second = call.call();
  call.pass(milliseconds(100));
  const auto third = call.call();
  call.pass(seconds(20));
  CHECK(first->connect(call.target) == 0);
  CHECK(second->connect(call.target) == 0);
  CHECK(third->connect(call.target) == -EAGAIN);
  CHECK(call.listener->take_caller()->peer == first->local);
  call.pass(seconds(12));
  CHECK(third->connect(call.target) == 0);
  const auto fourth = call.call();
  call.pass(seconds(128));
  CHECK(fourth->connect(call.target) == -ETIMEDOUT);
}

TEST_CASE("an attempt at a full listener that is interrupted keeps its whole time") {
  Call call(AF_INET, 0);
  const auto first = call.call();
  call.pass(milliseconds(100));
  const auto second = call.call();
  call.pass(milliseconds(500));
  call.network.part(call.a, call.b, call.universe.now + minutes(10));
  call.pass(seconds(120));
  CHECK(second->connect(call.target) == -EAGAIN);
  call.pass(seconds(8));
  CHECK(second->connect(call.target) == -ETIMEDOUT);
}

TEST_CASE("UNIX callers are connected at once, or get an error because the queue is full") {
  Call call(AF_UNIX, 1);
  const auto first = call.call();
  CHECK(call.begun == 0);
  const auto second = call.call();
  CHECK(call.begun == 0);
  const auto third = call.call();
  CHECK(call.begun == -EBUSY);
  REQUIRE(call.listener->take_caller());
  CHECK(third->connect(call.target) == 0);
  CHECK(third->connect(call.target) == 0);
}

TEST_CASE("a UNIX path that does not exist is not found, one without a listener refuses") {
  Call call(AF_UNIX);
  CHECK(call.stream(call.a, AF_UNIX)->connect(named("/tmp/y")) == -ENOENT);
  CHECK(call.stream(call.b, AF_UNIX)->connect(call.target) == -ENOENT);
  CHECK(call.stream(call.a, AF_UNIX)->connect(named(std::string("\0y", 2))) == -ECONNREFUSED);
  call.listener->close();
  CHECK(call.stream(call.a, AF_UNIX)->connect(call.target) == -ECONNREFUSED);
}

TEST_CASE("a UNIX socket must be bound to listen, a TCP socket gets a port") {
  test::Wire wire;
  CHECK(wire.stream(wire.a, AF_UNIX)->listen(1) == -EINVAL);
  const auto node = wire.stream(wire.a);
  CHECK(node->listen(1) == 0);
  CHECK(node->local.port >= 32768);
  Call call;
  CHECK(call.connected().first->listen(1) == -EINVAL);
}

TEST_CASE("a caller that is put back is the next to be taken") {
  Call call;
  const auto first = call.call();
  call.pass();
  const auto second = call.call();
  call.pass();
  call.listener->put_back(call.listener->take_caller());
  CHECK(call.listener->take_caller()->peer == first->local);
  CHECK(call.listener->take_caller()->peer == second->local);
}

TEST_CASE("an accepted TCP socket has the options of its listener") {
  Call call;
  test::set_number(*call.listener, IPPROTO_TCP, TCP_NODELAY);
  const auto [caller, answerer] = call.connected();
  CHECK(test::number_of(*answerer, IPPROTO_TCP, TCP_NODELAY) == 1);
  CHECK(test::number_of(*caller, IPPROTO_TCP, TCP_NODELAY) == 0);
}

TEST_CASE("a socket that is not connected cannot send or receive") {
  test::Wire wire;
  for (const int family : {AF_INET, AF_UNIX}) {
    const auto node = wire.stream(wire.a, family);
    CHECK(receive(node) == std::to_string(-ENOTCONN));
    CHECK(send(node, "x") == (family == AF_UNIX ? -ENOTCONN : -EPIPE));
    CHECK(node->shut_down(SHUT_WR) == -ENOTCONN);
  }
}

TEST_CASE("a full window takes no more until the peer has read and the notice has arrived") {
  Call call(AF_INET, 8, {}, {.stream_window_bytes = 1000});
  const auto [caller, answerer] = call.connected();
  CHECK(send(caller, std::string(600, 'x')) == 600);
  CHECK(send(caller, std::string(600, 'x')) == 400);
  CHECK(send(caller, "x") == -EAGAIN);
  CHECK_FALSE(caller->is_ready(Direction::write));
  call.pass();
  CHECK_FALSE(caller->is_ready(Direction::write));
  CHECK(caller->unread_by_peer() == 1000);
  CHECK(receive(answerer, 300).size() == 300);
  CHECK_FALSE(caller->is_ready(Direction::write));
  call.pass();
  CHECK(caller->is_ready(Direction::write));
  CHECK(send(caller, std::string(600, 'x')) == 300);
  CHECK(send(answerer, "x") == 1);
}

TEST_CASE("bytes wait until a partition heals, and none is lost") {
  Call call;
  const auto [caller, answerer] = call.connected();
  call.network.part(call.a, call.b, call.universe.now + seconds(30));
  send(caller, "one ");
  send(caller, "two");
  call.pass(seconds(29));
  CHECK(receive(answerer) == kAgain);
  call.pass(seconds(2));
  CHECK(receive(answerer) == "one two");
}

}  // namespace hotline::engine::stream_node_test
