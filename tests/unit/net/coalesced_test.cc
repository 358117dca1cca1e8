#include "net/coalesced.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "net/datagram_batch.h"
#include "support/sockets.h"

namespace hotline::net::coalesced_test {
namespace {

using Texts = std::vector<std::string>;

Texts cut(std::string text, std::size_t segment_bytes) {
  std::vector<Datagram> datagrams;
  append_segments({.bytes = as_writable_bytes(text)}, segment_bytes, datagrams);
  Texts pieces;
  for (const Datagram& each : datagrams) pieces.emplace_back(as_text(each.bytes));
  return pieces;
}

/// Plays the kernel: fills `header` with `text`, to be cut at `segment_bytes`.
void fill(mmsghdr& header, std::string_view text, int segment_bytes, std::uint16_t port = 1) {
  msghdr& message = header.msg_hdr;
  REQUIRE(text.size() <= message.msg_iov->iov_len);
  std::memcpy(message.msg_iov->iov_base, text.data(), text.size());
  header.msg_len = static_cast<unsigned>(text.size());
  const SocketAddress peer = test::ipv4_address(port);
  std::memcpy(message.msg_name, peer.data(), peer.size());
  message.msg_namelen = static_cast<socklen_t>(peer.size());
  cmsghdr* const control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_UDP;
  control->cmsg_type = UDP_GRO;
  control->cmsg_len = CMSG_LEN(sizeof segment_bytes);
  std::memcpy(CMSG_DATA(control), &segment_bytes, sizeof segment_bytes);
  message.msg_controllen = kSegmentBytesControl;
}

ReceiveBatch coalescing_batch(std::size_t count) {
  return ReceiveBatch(count, kCoalescedBytesMax, PacketInfo::none, TimestampUse::none,
                      Coalescing::possible);
}

}  // namespace

TEST_CASE("what came together is cut into datagrams of one size, the last one perhaps shorter") {
  CHECK(cut("aabbcc", 2) == Texts{"aa", "bb", "cc"});
  CHECK(cut("aabbc", 2) == Texts{"aa", "bb", "c"});
  CHECK(cut("abc", 1) == Texts{"a", "b", "c"});
}

TEST_CASE("a datagram that came alone stays whole, whatever size it is to be cut at") {
  CHECK(cut("abc", 0) == Texts{"abc"});
  CHECK(cut("abc", 3) == Texts{"abc"});
  CHECK(cut("abc", 4) == Texts{"abc"});
  CHECK(cut("", 0) == Texts{""});
  CHECK(cut("", 2) == Texts{""});
}

TEST_CASE("only the last piece is marked if the end of what came together is lost") {
  std::string text = "aabb";
  std::vector<Datagram> datagrams;
  append_segments({.bytes = as_writable_bytes(text), .is_truncated = true}, 2, datagrams);
  REQUIRE(datagrams.size() == 2);
  CHECK_FALSE(datagrams[0].is_truncated);
  CHECK(datagrams[1].is_truncated);
}

TEST_CASE("pieces of any size put together are what came, and all but the last have that size") {
  std::mt19937 random(14);
  std::string text(2000, 'x');
  for (char& each : text) each = static_cast<char>(random());
  for (int i = 0; i < 2000; ++i) {
    const std::string whole = text.substr(0, random() % text.size());
    const std::size_t segment_bytes = random() % (random() % 2 == 0 ? 64 : 2500);
    std::string together;
    bool is_last = false;
    for (const std::string& each : cut(whole, segment_bytes)) {
      REQUIRE_FALSE(is_last);
      is_last = each.size() != segment_bytes;
      together += each;
    }
    REQUIRE(together == whole);
  }
}

TEST_CASE("a size to cut at is read from its own control message only") {
  alignas(cmsghdr) std::byte memory[kSegmentBytesControl] = {};
  auto& control = reinterpret_cast<cmsghdr&>(memory);
  const auto read = [&](int level, int type, int size, std::size_t bytes) {
    control.cmsg_level = level;
    control.cmsg_type = type;
    control.cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(&control), &size, sizeof size);
    return segment_bytes_in(control);
  };
  CHECK(read(SOL_UDP, UDP_GRO, 1200, 4) == 1200);
  CHECK(read(SOL_UDP, UDP_GRO, 0, 4) == 0);
  CHECK(read(SOL_UDP, UDP_GRO, -1, 4) == 0);
  CHECK(read(SOL_UDP, UDP_GRO, 1200, 2) == 0);
  CHECK(read(SOL_UDP, UDP_SEGMENT, 1200, 4) == 0);
  CHECK(read(SOL_SOCKET, UDP_GRO, 1200, 4) == 0);
}

TEST_CASE("a batch gives out what came together piece by piece, each with its sender") {
  ReceiveBatch batch = coalescing_batch(4);
  const auto headers = batch.prepare(4);
  fill(headers[0], "aabbc", 2, 1);
  fill(headers[1], "dd", 2, 2);
  fill(headers[2], "ef", 1, 3);
  batch.fill(3);
  const auto first = batch.take(2);
  REQUIRE(first.size() == 2);
  CHECK(as_text(first[1].bytes) == "bb");
  CHECK(first[1].route->peer == test::ipv4_address(1));
  CHECK(batch.has_more());
  const auto rest = batch.take(9);
  REQUIRE(rest.size() == 4);
  CHECK(as_text(first[0].bytes) == "aa");
  CHECK(as_text(rest[0].bytes) == "c");
  CHECK(rest[1].route->peer == test::ipv4_address(2));
  CHECK(as_text(rest[3].bytes) == "f");
  CHECK_FALSE(batch.has_more());
  CHECK(batch.take(9).empty());
}

TEST_CASE("a piece has the address that was called and the time of arrival of the whole") {
  ReceiveBatch batch(1, kCoalescedBytesMax, PacketInfo::wanted, TimestampUse::received,
                     Coalescing::possible);
  mmsghdr& header = batch.prepare(1)[0];
  fill(header, "aab", 2);
  msghdr& message = header.msg_hdr;
  auto* const info = reinterpret_cast<cmsghdr*>(static_cast<std::byte*>(message.msg_control) +
                                                kSegmentBytesControl);
  in_pktinfo called{};
  called.ipi_spec_dst.s_addr = htonl(0x7f000002);
  info->cmsg_level = IPPROTO_IP;
  info->cmsg_type = IP_PKTINFO;
  info->cmsg_len = CMSG_LEN(sizeof called);
  std::memcpy(CMSG_DATA(info), &called, sizeof called);
  message.msg_controllen += CMSG_SPACE(sizeof called);
  batch.fill(1);
  const auto datagrams = batch.take(9);
  REQUIRE(datagrams.size() == 2);
  CHECK(datagrams[0].route == datagrams[1].route);
  CHECK(datagrams[0].received_at == datagrams[1].received_at);
}

TEST_CASE("a batch receives less at a time while datagrams bring much, and then more again") {
  ReceiveBatch batch = coalescing_batch(64);
  const std::string much(64'000, 'x');
  const auto headers = batch.prepare(64);
  REQUIRE(headers.size() == 64);
  for (std::size_t i = 0; i < 8; ++i) fill(headers[i], much, 1000);
  batch.fill(8);
  CHECK(batch.take(SIZE_MAX).size() == 8 * 64);
  CHECK(batch.prepare(64).size() == 4);
  CHECK(batch.prepare(2).size() == 2);
  fill(batch.prepare(64)[0], "small", 0);
  batch.fill(1);
  batch.take(1);
  CHECK(batch.prepare(64).size() == 64);
}

TEST_CASE("many tiny datagrams that came together limit the next receive as well") {
  ReceiveBatch batch = coalescing_batch(64);
  const auto headers = batch.prepare(64);
  for (std::size_t i = 0; i < 32; ++i) fill(headers[i], std::string(32, 'x'), 1);
  batch.fill(32);
  CHECK(batch.take(SIZE_MAX).size() == 32 * 32);
  CHECK(batch.prepare(64).size() == 8);
}

}  // namespace hotline::net::coalesced_test
