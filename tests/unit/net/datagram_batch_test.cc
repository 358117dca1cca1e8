#include "net/datagram_batch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include "net/address.h"
#include "net/route_control.h"
#include "net/send_batch.h"
#include "support/sockets.h"

namespace hotline::net::datagram_batch_test {
namespace {

/// Plays the kernel: fills `header` with `text` from `peer`.
void fill(mmsghdr& header, std::string_view text, const SocketAddress& peer, int flags = 0) {
  std::memcpy(header.msg_hdr.msg_iov->iov_base, text.data(), text.size());
  header.msg_len = static_cast<unsigned>(text.size());
  std::memcpy(header.msg_hdr.msg_name, peer.data(), peer.size());
  header.msg_hdr.msg_namelen = static_cast<socklen_t>(peer.size());
  header.msg_hdr.msg_controllen = 0;
  header.msg_hdr.msg_flags = flags;
}

/// Returns what the batch makes of the first `count`, which the kernel has filled.
std::span<const Datagram> taken(ReceiveBatch& batch, std::size_t count) {
  batch.fill(count);
  return batch.take(SIZE_MAX);
}

template <typename Info>
DatagramRoute route_with(int level, int type, const Info& info) {
  DatagramRoute route;
  msghdr view{};
  view.msg_control = RouteControl::data(route);
  view.msg_controllen = RouteControl::kBytesMax;
  cmsghdr* header = CMSG_FIRSTHDR(&view);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  RouteControl::size(route) = CMSG_SPACE(sizeof info);
  return route;
}

template <typename Info>
Info info_of(DatagramRoute& route) {
  msghdr view{};
  view.msg_control = RouteControl::data(route);
  view.msg_controllen = RouteControl::size(route);
  Info info;
  std::memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(&view)), sizeof info);
  return info;
}

}  // namespace

TEST_CASE("a batch returns what the kernel filled, with the senders") {
  ReceiveBatch batch(4, 100, PacketInfo::none);
  CHECK(batch.size() == 4);
  const auto headers = batch.prepare(4);
  REQUIRE(headers.size() == 4);
  fill(headers[0], "one", test::ipv4_address(1));
  fill(headers[1], "", test::ipv4_address(2));
  const auto datagrams = taken(batch, 2);
  REQUIRE(datagrams.size() == 2);
  CHECK(as_text(datagrams[0].bytes) == "one");
  CHECK(datagrams[0].route->peer == test::ipv4_address(1));
  CHECK(datagrams[1].bytes.empty());
  CHECK_FALSE(datagrams[0].is_truncated);
}

TEST_CASE("a batch is empty again for the next receive, however many were filled") {
  ReceiveBatch batch(3, 100, PacketInfo::wanted);
  for (const std::size_t count : {3U, 1U, 3U}) {
    const auto headers = batch.prepare(3);
    for (const mmsghdr& header : headers) {
      CHECK(header.msg_hdr.msg_namelen == SocketAddress::kSizeMax);
      CHECK(header.msg_hdr.msg_controllen == 40);
      CHECK(header.msg_hdr.msg_flags == 0);
    }
    for (std::size_t i = 0; i < count; ++i) fill(headers[i], "x", test::ipv4_address(1), 7);
    CHECK(taken(batch, count).size() == count);
  }
}

TEST_CASE("a batch without packet information has no room for control data") {
  ReceiveBatch batch(2, 100, PacketInfo::none);
  for (int i = 0; i < 2; ++i) {
    const auto headers = batch.prepare(2);
    for (const mmsghdr& header : headers) {
      CHECK(header.msg_hdr.msg_control == nullptr);
      CHECK(header.msg_hdr.msg_controllen == 0);
    }
    fill(headers[0], "x", test::ipv4_address(1));
    CHECK(RouteControl::size(*taken(batch, 1)[0].route) == 0);
  }
}

TEST_CASE("descriptors that come instead of packet information are closed") {
  ReceiveBatch batch(1, 100, PacketInfo::wanted);
  auto [passed, other] = test::stream_pair();
  mmsghdr& header = batch.prepare(1)[0];
  cmsghdr* control = CMSG_FIRSTHDR(&header.msg_hdr);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = passed.release();
  std::memcpy(CMSG_DATA(control), &number, sizeof number);
  fill(header, "x", test::ipv4_address(1));
  header.msg_hdr.msg_controllen = CMSG_SPACE(sizeof number);
  CHECK(RouteControl::size(*taken(batch, 1)[0].route) == 0);
  CHECK(test::receive_text(other.get(), 1).empty());
}

TEST_CASE("a UNIX peer's address is no longer than the kernel accepts") {
  ReceiveBatch batch(1, 100, PacketInfo::none);
  mmsghdr& header = batch.prepare(1)[0];
  fill(header, "x", unix_address(std::string(107, 'n'), false));
  // What the kernel reports for a path of 108 bytes.
  header.msg_hdr.msg_namelen = 111;
  const auto datagrams = taken(batch, 1);
  CHECK(datagrams[0].route->peer.size() == sizeof(sockaddr_un));
}

TEST_CASE("a batch prepares no more than requested") {
  ReceiveBatch batch(4, 100, PacketInfo::none);
  CHECK(batch.prepare(1).size() == 1);
  CHECK(batch.prepare(9).size() == 4);
}

TEST_CASE("a batch prepares no more than the one whose place it takes would") {
  ReceiveBatch batch(64, 65'535, PacketInfo::none);
  for (mmsghdr& header : batch.prepare(64)) {
    fill(header, std::string(60'000, 'x'), test::ipv4_address(1));
  }
  taken(batch, 64);
  const std::size_t prepared = batch.prepare(64).size();
  CHECK(prepared < 64);
  ReceiveBatch next(64, 65'535, PacketInfo::none);
  next.succeed(batch);
  CHECK(next.prepare(64).size() == prepared);
}

TEST_CASE("what a batch drops is not taken, and what was taken stays") {
  ReceiveBatch batch(2, 100, PacketInfo::none);
  const auto headers = batch.prepare(2);
  fill(headers[0], "one", test::ipv4_address(1));
  fill(headers[1], "two", test::ipv4_address(1));
  batch.fill(2);
  const auto one = batch.take(1);
  CHECK(batch.drop_rest() == 1);
  CHECK_FALSE(batch.has_more());
  CHECK(batch.drop_rest() == 0);
  CHECK(as_text(one[0].bytes) == "one");
}

TEST_CASE("a datagram that was longer than its room is marked") {
  ReceiveBatch batch(1, 4, PacketInfo::none);
  const auto headers = batch.prepare(1);
  fill(headers[0], "1234", test::ipv4_address(1), MSG_TRUNC);
  CHECK(headers[0].msg_hdr.msg_iov->iov_len == 4);
  CHECK(taken(batch, 1)[0].is_truncated);
}

TEST_CASE("the rooms of a batch do not overlap") {
  ReceiveBatch batch(3, 65'535, PacketInfo::none);
  const auto headers = batch.prepare(3);
  const std::string large(65'535, 'x');
  for (mmsghdr& header : headers) fill(header, large, test::ipv4_address(1));
  fill(headers[1], std::string(65'535, 'y'), test::ipv4_address(1));
  const auto datagrams = taken(batch, 3);
  CHECK(as_text(datagrams[0].bytes) == large);
  CHECK(as_text(datagrams[2].bytes) == large);
}

TEST_CASE("datagrams to send are described for the kernel, as many as fit") {
  SendBatch batch(2);
  DatagramRoute route;
  route.peer = test::ipv4_address(7);
  const OutgoingDatagram datagrams[] = {
      {as_bytes("one"), &route}, {as_bytes("two"), nullptr}, {as_bytes("three"), nullptr}};
  const auto headers = batch.prepare(datagrams);
  REQUIRE(headers.size() == 2);
  CHECK(headers[0].msg_hdr.msg_iov->iov_len == 3);
  CHECK(headers[0].msg_hdr.msg_name == route.peer.data());
  CHECK(headers[0].msg_hdr.msg_controllen == 0);
  CHECK(headers[1].msg_hdr.msg_name == nullptr);
  CHECK(headers[1].msg_hdr.msg_namelen == 0);
}

TEST_CASE("a place that had a route before has none afterwards") {
  SendBatch batch(1);
  in_pktinfo info{};
  DatagramRoute route = route_with(IPPROTO_IP, IP_PKTINFO, info);
  route.peer = test::ipv4_address(7);
  const OutgoingDatagram with{as_bytes("x"), &route};
  const OutgoingDatagram without{as_bytes("x"), nullptr};
  CHECK(batch.prepare({&with, 1})[0].msg_hdr.msg_control == RouteControl::data(route));
  const auto headers = batch.prepare({&without, 1});
  CHECK(headers[0].msg_hdr.msg_control == nullptr);
  CHECK(headers[0].msg_hdr.msg_controllen == 0);
}

TEST_CASE("a reply names the address that was called and leaves the interface to the routes") {
  in_pktinfo info{};
  info.ipi_ifindex = 3;
  info.ipi_spec_dst.s_addr = htonl(0x7f000002);
  DatagramRoute route = route_with(IPPROTO_IP, IP_PKTINFO, info);
  reverse_packet_info(route);
  CHECK(RouteControl::size(route) == CMSG_SPACE(sizeof info));
  CHECK(info_of<in_pktinfo>(route).ipi_ifindex == 0);
  CHECK(info_of<in_pktinfo>(route).ipi_spec_dst.s_addr == htonl(0x7f000002));
}

TEST_CASE("a reply over IPv6 names the interface only for link-local addresses") {
  in6_pktinfo info{};
  info.ipi6_ifindex = 3;
  info.ipi6_addr.s6_addr[15] = 1;
  DatagramRoute loopback = route_with(IPPROTO_IPV6, IPV6_PKTINFO, info);
  reverse_packet_info(loopback);
  CHECK(info_of<in6_pktinfo>(loopback).ipi6_ifindex == 0);
  info.ipi6_addr.s6_addr[0] = 0xfe;
  info.ipi6_addr.s6_addr[1] = 0x80;
  DatagramRoute link_local = route_with(IPPROTO_IPV6, IPV6_PKTINFO, info);
  reverse_packet_info(link_local);
  CHECK(info_of<in6_pktinfo>(link_local).ipi6_ifindex == 3);
}

TEST_CASE("a reply to a multicast message leaves the address to the interface that it came by") {
  in6_pktinfo info{};
  info.ipi6_ifindex = 3;
  REQUIRE(::inet_pton(AF_INET6, "ff02::1", &info.ipi6_addr) == 1);
  DatagramRoute route = route_with(IPPROTO_IPV6, IPV6_PKTINFO, info);
  reverse_packet_info(route);
  const auto answer = info_of<in6_pktinfo>(route);
  CHECK(answer.ipi6_ifindex == 3);
  CHECK(IN6_IS_ADDR_UNSPECIFIED(&answer.ipi6_addr));
}

TEST_CASE("control data of another kind is not sent back") {
  DatagramRoute route = route_with(SOL_SOCKET, SCM_TIMESTAMP, timeval{});
  reverse_packet_info(route);
  CHECK(RouteControl::size(route) == 0);
  DatagramRoute none;
  reverse_packet_info(none);
  CHECK(RouteControl::size(none) == 0);
}

}  // namespace hotline::net::datagram_batch_test
