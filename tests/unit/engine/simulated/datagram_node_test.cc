#include "engine/simulated/datagram_node.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "support/simulated_datagrams.h"

namespace hotline::engine::datagram_node_test {
namespace {

using test::any_ipv4;
using test::any_ipv6;
using test::DatagramCall;
using test::DatagramMessage;
using test::kAgain;
using test::kRefused;
using test::loopback;
using test::named;
using test::receive;
using test::send;
using test::site_of;

}  // namespace

TEST_CASE("datagrams keep their boundaries, empty ones too, in both directions") {
  for (const int family : {AF_INET, AF_UNIX}) {
    DatagramCall call(family);
    CHECK(send(call.client, "one") == 3);
    call.pass();
    CHECK(send(call.client, "") == 0);
    call.pass();
    CHECK(send(call.client, "three") == 5);
    call.pass();
    CHECK(call.server->is_ready(Direction::read));
    CHECK(receive(call.server) == "one");
    CHECK(receive(call.server).empty());
    CHECK(receive(call.server) == "three");
    CHECK(receive(call.server) == kAgain);
    CHECK(send(call.server, "back", call.client->local) == 4);
    call.pass();
    CHECK(receive(call.client) == "back");
  }
}

TEST_CASE("one call takes what has arrived, as far as it has room") {
  DatagramCall call(AF_UNIX);
  for (const char* text : {"a", "b", "c"}) send(call.client, text);
  std::array messages{DatagramMessage(8), DatagramMessage(8)};
  std::array headers{messages[0].header, messages[1].header};
  CHECK(call.server->receive(headers) == 2);
  CHECK(call.server->receive(headers) == 1);
  CHECK(call.server->receive(headers) == -EAGAIN);
  CHECK(headers[0].msg_len == 1);
}

TEST_CASE("one call sends until one fails, and the next call returns that error") {
  DatagramCall call(AF_UNIX);
  std::array<mmsghdr, 20> headers{};
  CHECK(call.client->send(headers) == 11);
  CHECK(call.client->send(headers) == -EAGAIN);
}

TEST_CASE("a datagram that does not fit is cut and marked") {
  DatagramCall call;
  send(call.client, "12345");
  send(call.client, "12345");
  call.pass();
  DatagramMessage small(4);
  CHECK(call.server->receive({&small.header, 1}) == 1);
  CHECK(small.text() == "1234");
  CHECK((small.header.msg_hdr.msg_flags & MSG_TRUNC) != 0);
  DatagramMessage enough(5);
  CHECK(call.server->receive({&enough.header, 1}) == 1);
  CHECK(enough.text() == "12345");
  CHECK((enough.header.msg_hdr.msg_flags & MSG_TRUNC) == 0);
}

TEST_CASE("a datagram that is too long is not sent") {
  DatagramCall udp;
  CHECK(send(udp.client, std::string(65507, 'x')) == 65507);
  CHECK(send(udp.client, std::string(65508, 'x')) == -EMSGSIZE);
  DatagramCall local(AF_UNIX);
  CHECK(send(local.client, std::string(65508, 'x')) == 65508);
  CHECK(send(local.client, std::string(212'992, 'x')) == -EMSGSIZE);
}

TEST_CASE("the sender's address comes with the datagram") {
  DatagramCall udp;
  send(udp.client, "x");
  udp.pass();
  DatagramMessage message(8);
  message.ask_for_all();
  REQUIRE(udp.server->receive({&message.header, 1}) == 1);
  CHECK(message.from() == udp.client->local);
  CHECK(message.from().ip == udp.a.addresses[0]);
  CHECK(message.header.msg_hdr.msg_controllen == 0);
  DatagramCall local(AF_UNIX);
  const auto nameless = local.datagrams(local.a, AF_UNIX);
  for (const auto& sender : {local.client, nameless}) {
    CHECK(send(sender, "x", local.target) == 1);
    DatagramMessage received(8);
    received.ask_for_all();
    REQUIRE(local.server->receive({&received.header, 1}) == 1);
    CHECK(received.from() == sender->local);
    CHECK((received.header.msg_hdr.msg_namelen == 0) == (sender == nameless));
  }
}

TEST_CASE("a wildcard socket can learn the destination address, and reply from it") {
  for (const int family : {AF_INET, AF_INET6}) {
    test::Wire wire;
    const auto server = wire.datagrams(wire.b, family);
    REQUIRE(wire.network.bind(*server, family == AF_INET ? any_ipv4(80) : any_ipv6(80)) == 0);
    test::set_number(*server, IPPROTO_IP, IP_PKTINFO);
    test::set_number(*server, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    const auto client = wire.datagrams(wire.a, family);
    REQUIRE(client->connect(site_of(wire.b, 80, 1)) == 0);
    send(client, "x");
    wire.pass();
    DatagramMessage message(8);
    message.ask_for_all();
    REQUIRE(server->receive({&message.header, 1}) == 1);
    CHECK(message.header.msg_hdr.msg_controllen > 0);
    const cmsghdr* control = CMSG_FIRSTHDR(&message.header.msg_hdr);
    REQUIRE(control != nullptr);
    CHECK(control->cmsg_level == (family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6));
    message.piece.iov_len = message.header.msg_len;
    CHECK(server->send({&message.header, 1}) == 1);
    CHECK(send(server, "from the first address", client->local) > 0);
    wire.pass();
    CHECK(receive(client) == "x");
    CHECK(receive(client) == kAgain);
  }
}

TEST_CASE("control data without room is cut and marked") {
  DatagramCall call;
  test::set_number(*call.server, IPPROTO_IP, IP_PKTINFO);
  send(call.client, "x");
  call.pass();
  DatagramMessage message(8);
  message.ask_for_all();
  message.header.msg_hdr.msg_controllen = 4;
  REQUIRE(call.server->receive({&message.header, 1}) == 1);
  CHECK((message.header.msg_hdr.msg_flags & MSG_CTRUNC) != 0);
  CHECK(message.header.msg_hdr.msg_controllen == 0);
}

TEST_CASE("a connected socket receives only from its peer") {
  DatagramCall call;
  const auto stranger = call.datagrams(call.b);
  CHECK(send(stranger, "strange", call.client->local) == 7);
  call.pass();
  CHECK(receive(call.client) == kAgain);
  CHECK(send(call.server, "known", call.client->local) == 5);
  call.pass();
  CHECK(receive(call.client) == "known");
}

TEST_CASE("datagrams that a connected neighbour does not accept go to the wildcard socket") {
  test::Wire wire;
  const auto wide = wire.datagrams(wire.b);
  const auto narrow = wire.datagrams(wire.b);
  const auto client = wire.datagrams(wire.a);
  for (const auto& node : {wide, narrow}) test::set_number(*node, SOL_SOCKET, SO_REUSEADDR);
  REQUIRE(wire.network.bind(*wide, any_ipv4(80)) == 0);
  REQUIRE(wire.network.bind(*narrow, site_of(wire.b, 80)) == 0);
  REQUIRE(narrow->connect(site_of(wire.a, 9)) == 0);
  CHECK(send(client, "x", site_of(wire.b, 80)) == 1);
  wire.pass();
  CHECK(receive(narrow) == kAgain);
  CHECK(receive(wide) == "x");
}

TEST_CASE("a connected socket gets a refusal once, an unconnected one never") {
  DatagramCall call;
  call.server->close();
  CHECK(send(call.client, "x") == 1);
  call.pass();
  CHECK(call.client->is_ready(Direction::read));
  CHECK(receive(call.client) == kRefused);
  CHECK(receive(call.client) == kAgain);
  send(call.client, "x");
  call.pass();
  CHECK(send(call.client, "y") == -ECONNREFUSED);
  CHECK(send(call.client, "y") == 1);
  call.pass();
  CHECK(test::number_of(*call.client, SOL_SOCKET, SO_ERROR) == ECONNREFUSED);
  const auto loose = call.datagrams(call.a);
  CHECK(send(loose, "x", call.target) == 1);
  CHECK(send(call.client, "x", site_of(call.b, 81)) == 1);
  call.pass();
  CHECK(receive(loose) == kAgain);
  CHECK(receive(call.client) == kAgain);
}

TEST_CASE("a datagram without a target, or without a reachable one, is not sent") {
  test::Wire wire;
  const auto udp = wire.datagrams(wire.a);
  CHECK(send(udp, "x") == -EDESTADDRREQ);
  CHECK(send(udp, "x", test::ipv4_site(10, 99, 80)) == -ENETUNREACH);
  CHECK(udp->connect(test::ipv4_site(10, 99, 80)) == -ENETUNREACH);
  const auto local = wire.datagrams(wire.a, AF_UNIX);
  CHECK(send(local, "x") == -ENOTCONN);
  CHECK(send(local, "x", named("/tmp/x")) == -ENOENT);
  CHECK(send(local, "x", named(std::string("\0x", 2))) == -ECONNREFUSED);
  CHECK(local->connect(named("/tmp/x")) == -ENOENT);
  CHECK(local->connect(named(std::string("\0x", 2))) == -ECONNREFUSED);
  CHECK_FALSE(local->has_peer);
}

TEST_CASE("a socket that sends without an address gets a port of its family") {
  test::Wire wire;
  const auto receiver = wire.datagrams(wire.a);
  REQUIRE(wire.network.bind(*receiver, any_ipv4(80)) == 0);
  const auto sender = wire.datagrams(wire.a);
  CHECK(send(sender, "x", any_ipv4(80)) == 1);
  wire.pass();
  CHECK(sender->local.port >= 32768);
  CHECK(sender->local.is_ipv4());
  DatagramMessage message(8);
  message.ask_for_all();
  REQUIRE(receiver->receive({&message.header, 1}) == 1);
  CHECK(message.from() == loopback(sender->local.port));
}

TEST_CASE("a full UDP queue drops new datagrams") {
  DatagramCall call(AF_INET, {}, {.datagram_queue_bytes = 10});
  for (const char* text : {"12345", "12345", "6", ""}) {
    CHECK(send(call.client, text) >= 0);
    call.pass();
  }
  CHECK(receive(call.server) == "12345");
  CHECK(receive(call.server) == "12345");
  CHECK(receive(call.server).empty());
  CHECK(receive(call.server) == kAgain);
}

TEST_CASE("a full UNIX queue delays a connected sender until it is read") {
  struct Woken final : Watcher {
    void note_ready(Direction direction) override { count += direction == Direction::write; }
    int count = 0;
  };
  DatagramCall call(AF_UNIX);
  for (int i = 0; i < 11; ++i) CHECK(send(call.client, "x") == 1);
  Woken woken;
  call.client->watch(woken);
  CHECK(send(call.client, "x") == -EAGAIN);
  CHECK_FALSE(call.client->is_ready(Direction::write));
  CHECK(woken.count == 0);
  CHECK(receive(call.server) == "x");
  CHECK(woken.count == 1);
  CHECK(call.client->is_ready(Direction::write));
  CHECK(send(call.client, "x") == 1);
  CHECK(send(call.client, "x") == -EAGAIN);
  call.server->close();
  CHECK(woken.count == 2);
  CHECK(call.client->is_ready(Direction::write));
}

TEST_CASE("a UNIX socket is connected to a socket, not to a later owner of the name") {
  DatagramCall call(AF_UNIX);
  call.server->close();
  call.a.paths.erase("/tmp/x");
  const auto next = call.datagrams(call.a, AF_UNIX);
  REQUIRE(call.network.bind(*next, named("/tmp/x")) == 0);
  CHECK(send(call.client, "x") == -ECONNREFUSED);
  CHECK(send(call.client, "x") == -ENOTCONN);
  CHECK(send(call.client, "x", named("/tmp/x")) == 1);
  CHECK(receive(next) == "x");
}

TEST_CASE("a UNIX socket that is connected to another does not accept datagrams") {
  DatagramCall call(AF_UNIX);
  const auto stranger = call.datagrams(call.a, AF_UNIX);
  CHECK(send(stranger, "x", call.client->local) == -EPERM);
  CHECK(stranger->connect(call.client->local) == -EPERM);
  CHECK(send(call.server, "x", call.client->local) == 1);
}

}  // namespace hotline::engine::datagram_node_test
