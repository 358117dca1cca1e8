#include "net/send_batch.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/sockets.h"

namespace hotline::net::send_batch_test {
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

/// Returns what a description sends, with a '|' before each datagram.
std::string text_of(const mmsghdr& header) {
  std::string text;
  for (std::size_t i = 0; i < header.msg_hdr.msg_iovlen; ++i) {
    const iovec& piece = header.msg_hdr.msg_iov[i];
    text.append("|").append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return text;
}

std::vector<std::string> texts_of(std::span<mmsghdr> headers) {
  std::vector<std::string> texts;
  for (const mmsghdr& each : headers) texts.push_back(text_of(each));
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a batch describes a train at once, with the address that it leaves from") {
  DatagramRoute route = route_to(7);
  RouteControl::size(route) = CMSG_SPACE(sizeof(in_pktinfo));
  auto* info = reinterpret_cast<cmsghdr*>(RouteControl::data(route));
  info->cmsg_level = IPPROTO_IP;
  info->cmsg_type = IP_PKTINFO;
  info->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  List datagrams(20, {as_bytes("abc"), &route});
  datagrams.push_back({as_bytes("abcd"), &route});
  SendBatch batch(32);
  const auto headers = batch.prepare(datagrams, Trains::possible);
  REQUIRE(headers.size() == 2);
  CHECK(cut_of(headers[0].msg_hdr) == 3);
  CHECK(headers[0].msg_hdr.msg_iovlen == 20);
  CHECK(headers[0].msg_hdr.msg_controllen == kTrainRequestBytes + CMSG_SPACE(sizeof(in_pktinfo)));
  CHECK(cut_of(headers[1].msg_hdr) == 0);
  CHECK(headers[1].msg_hdr.msg_iovlen == 1);
  CHECK(batch.size() == 21);
  CHECK(batch.next_train_bytes() == 3);
  CHECK(batch.pass(1).size() == 20);
  CHECK(batch.next_train_bytes() == 0);
  CHECK(batch.due().size() == 1);
  CHECK(batch.pass(1).front() == &datagrams.back());
  CHECK(batch.due().empty());
}

TEST_CASE("without trains a batch describes each datagram, in order") {
  const DatagramRoute here = route_to(1);
  const DatagramRoute there = route_to(2);
  const List datagrams{{as_bytes("a"), &here}, {as_bytes("b"), &there}, {as_bytes("c"), &here}};
  SendBatch batch(32);
  const auto headers = batch.prepare(datagrams);
  CHECK(texts_of(headers) == Texts{"|a", "|b", "|c"});
  CHECK(cut_of(headers[0].msg_hdr) == 0);
  CHECK(batch.pass(3).size() == 3);
}

TEST_CASE("datagrams of several peers in turn leave in one train for each, in their order") {
  const DatagramRoute here = route_to(1);
  const DatagramRoute there = route_to(2);
  const DatagramRoute here_again = route_to(1);
  const List datagrams{{as_bytes("a0"), &here},       {as_bytes("b0"), &there},
                       {as_bytes("a1"), &here_again}, {as_bytes("b1"), &there},
                       {as_bytes("a"), &here},        {as_bytes("a3"), &here},
                       {as_bytes(""), &there},        {as_bytes("b3"), &there}};
  SendBatch batch(8);
  const auto headers = batch.prepare(datagrams, Trains::possible);
  CHECK(texts_of(headers) == Texts{"|a0|a1|a", "|a3", "|b0|b1", "|", "|b3"});
  CHECK(headers[0].msg_hdr.msg_name == here.peer.data());
  CHECK(headers[2].msg_hdr.msg_name == there.peer.data());
}

TEST_CASE("datagrams that leave from different addresses do not make up a train") {
  DatagramRoute one = route_to(1);
  DatagramRoute other = route_to(1);
  RouteControl::size(one) = RouteControl::size(other) = 8;
  RouteControl::data(other)[3] = std::byte{1};
  List datagrams(20, {as_bytes("abc"), &one});
  datagrams[1].route = &other;
  SendBatch batch(20);
  CHECK(batch.prepare(datagrams, Trains::possible).size() == 2);
}

TEST_CASE("a datagram that wants its sent time travels alone and keeps its place") {
  const DatagramRoute here = route_to(1);
  List datagrams(5, {as_bytes("x"), &here});
  datagrams[2] = {as_bytes("t"), &here, SentTime::wanted};
  SendBatch batch(5);
  batch.note_times(TimestampUse::received_and_sent);
  CHECK(texts_of(batch.prepare(datagrams, Trains::possible)) == Texts{"|x|x", "|t", "|x|x"});
}

TEST_CASE("what is due after a train that failed is described once more, one by one") {
  const DatagramRoute here = route_to(1);
  const DatagramRoute there = route_to(2);
  const List datagrams{{as_bytes("a0"), &here},
                       {as_bytes("b0"), &there},
                       {as_bytes("a1"), &here},
                       {as_bytes("b1"), &there},
                       {as_bytes("b2"), &there}};
  SendBatch batch(5);
  CHECK(batch.prepare(datagrams, Trains::possible).size() == 2);
  CHECK(batch.pass(1).size() == 2);
  batch.split_trains();
  CHECK(texts_of(batch.due()) == Texts{"|b0", "|b1", "|b2"});
  CHECK(batch.next_train_bytes() == 0);
  CHECK(batch.pass(2).front() == &datagrams[1]);
  CHECK(batch.pass(1).front() == &datagrams[4]);
}

TEST_CASE("a batch for one datagram describes one at a time") {
  const List datagrams(3, {as_bytes("x")});
  SendBatch batch(1);
  CHECK(batch.prepare(datagrams, Trains::possible).size() == 1);
  CHECK(batch.size() == 1);
  CHECK(batch.prepare({}, Trains::possible).empty());
  CHECK(batch.size() == 0);
}

TEST_CASE("as many peers as there are datagrams have one description each") {
  std::vector<DatagramRoute> routes;
  for (std::uint16_t port = 1; port <= 64; ++port) routes.push_back(route_to(port));
  List datagrams;
  for (const DatagramRoute& each : routes) datagrams.push_back({as_bytes("x"), &each});
  SendBatch batch(64);
  for (int i = 0; i < 2; ++i) {
    const auto headers = batch.prepare(datagrams, Trains::possible);
    REQUIRE(headers.size() == 64);
    CHECK(headers[63].msg_hdr.msg_name == routes[63].peer.data());
  }
}

}  // namespace hotline::net::send_batch_test
