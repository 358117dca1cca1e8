#include "net/datagram_train.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/datagram_batch.h"
#include "net/route_control.h"
#include "support/sockets.h"

namespace hotline::net::datagram_train_test {
namespace {

using List = std::vector<OutgoingDatagram>;

DatagramRoute route_to(std::uint16_t port) {
  DatagramRoute route;
  route.peer = test::ipv4_address(port);
  return route;
}

/// Returns the size that a description asks the kernel to cut at, or 0.
std::size_t cut_of(const msghdr& message) {
  auto& mutable_message = const_cast<msghdr&>(message);
  for (cmsghdr* control = CMSG_FIRSTHDR(&mutable_message); control != nullptr;
       control = CMSG_NXTHDR(&mutable_message, control)) {
    if (control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_SEGMENT) continue;
    std::uint16_t size = 0;
    std::memcpy(&size, CMSG_DATA(control), sizeof size);
    return size;
  }
  return 0;
}

}  // namespace

TEST_CASE("many datagrams of one size for one peer in a row make up a train") {
  const DatagramRoute here = route_to(1);
  const DatagramRoute same = route_to(1);
  const Bytes bytes = as_bytes("abc");
  CHECK(train_length(List(16, {bytes, &here})) == 16);
  CHECK(train_length(List(15, {bytes, &here})) == 1);
  CHECK(train_length(List(20, {bytes, nullptr})) == 20);
  List routes_alike(20, {bytes, &here});
  routes_alike[7].route = &same;
  CHECK(train_length(routes_alike) == 20);
}

TEST_CASE("a train ends before another peer and before another size") {
  const DatagramRoute here = route_to(1);
  const DatagramRoute other = route_to(2);
  const Bytes bytes = as_bytes("abc");
  List datagrams(30, {bytes, &here});
  datagrams[20].route = &other;
  CHECK(train_length(datagrams) == 20);
  datagrams[18] = {as_bytes("abcd"), &here};
  CHECK(train_length(datagrams) == 18);
  datagrams[1].route = nullptr;
  CHECK(train_length(datagrams) == 1);
}

TEST_CASE("datagrams that leave from different addresses do not make up a train") {
  DatagramRoute one = route_to(1);
  DatagramRoute other = route_to(1);
  RouteControl::size(one) = RouteControl::size(other) = 8;
  RouteControl::data(other)[3] = std::byte{1};
  const Bytes bytes = as_bytes("abc");
  List datagrams(20, {bytes, &one});
  datagrams[1].route = &other;
  CHECK(train_length(datagrams) == 1);
}

TEST_CASE("an empty datagram, a large one and one that wants its sent time travel alone") {
  const std::string large(1201, 'x');
  const std::string largest(1200, 'x');
  CHECK(train_length(List(20, OutgoingDatagram{})) == 1);
  CHECK(train_length(List(20, {as_bytes(large)})) == 1);
  CHECK(train_length(List(20, {as_bytes(largest)})) == 20);
  CHECK(train_length(List(20, {as_bytes("x"), nullptr, SentTime::wanted})) == 1);
  List one_is_timed(20, {as_bytes("x")});
  one_is_timed[17].sent_time = SentTime::wanted;
  CHECK(train_length(one_is_timed) == 17);
}

TEST_CASE("a train has no more datagrams and bytes than every kernel takes") {
  const std::string largest(1200, 'x');
  CHECK(train_length(List(64, {as_bytes("x")})) == 64);
  CHECK(train_length(List(65, {as_bytes("x")})) == 64);
  CHECK(train_length(List(64, {as_bytes(largest)})) == 54);
}

TEST_CASE("only a device that takes no trains ends them") {
  CHECK(is_refusal_of_trains(-EIO));
  CHECK_FALSE(is_refusal_of_trains(-ECONNREFUSED));
  CHECK_FALSE(is_refusal_of_trains(-EMSGSIZE));
}

TEST_CASE("a batch describes a train at once, with the address that it leaves from") {
  DatagramRoute route = route_to(7);
  RouteControl::size(route) = CMSG_SPACE(sizeof(in_pktinfo));
  auto* info = reinterpret_cast<cmsghdr*>(RouteControl::data(route));
  info->cmsg_level = IPPROTO_IP;
  info->cmsg_type = IP_PKTINFO;
  info->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  const Bytes bytes = as_bytes("abc");
  List datagrams(20, {bytes, &route});
  datagrams.push_back({as_bytes("x"), &route});
  SendBatch batch(32);
  const auto headers = batch.prepare(datagrams, Trains::possible);
  REQUIRE(headers.size() == 2);
  CHECK(cut_of(headers[0].msg_hdr) == 3);
  CHECK(headers[0].msg_hdr.msg_iovlen == 20);
  CHECK(headers[0].msg_hdr.msg_controllen == kTrainRequestBytes + CMSG_SPACE(sizeof(in_pktinfo)));
  CHECK(cut_of(headers[1].msg_hdr) == 0);
  CHECK(headers[1].msg_hdr.msg_iovlen == 1);
  CHECK(batch.datagrams_in(0) == 0);
  CHECK(batch.datagrams_in(1) == 20);
  CHECK(batch.datagrams_in(2) == 21);
}

TEST_CASE("without trains a batch describes each datagram") {
  const List datagrams(20, {as_bytes("abc")});
  SendBatch batch(32);
  CHECK(batch.prepare(datagrams, Trains::possible).size() == 1);
  const auto headers = batch.prepare(datagrams);
  REQUIRE(headers.size() == 20);
  CHECK(cut_of(headers[0].msg_hdr) == 0);
  CHECK(batch.datagrams_in(20) == 20);
}

}  // namespace hotline::net::datagram_train_test
