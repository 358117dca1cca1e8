#include "net/datagram_batch.h"

#include <netinet/in.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "engine/passed_descriptors.h"
#include "net/address.h"
#include "net/route_control.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

// With strides that are a power of two, the first lines of all buffers would share one cache set.
constexpr std::size_t kStridePadding = 320;

// What one receive should bring at most, so that it is still in the cache when it is handled. With
// fewer descriptions than kFewest, a system call would be made for each.
constexpr std::size_t kHotBytes = 256 * 1024;
constexpr std::size_t kHotMessages = 256;
constexpr std::size_t kFewest = 4;

}  // namespace

PacketInfo ask_for_packet_info(const engine::Channel& channel, const SocketAddress& bound) {
  if (!is_wildcard(bound)) return PacketInfo::none;
  set_flag(channel, IPPROTO_IP, IP_PKTINFO);
  if (family_of(bound) == AF_INET) return PacketInfo::wanted;
  set_flag(channel, IPPROTO_IPV6, IPV6_RECVPKTINFO);
  return PacketInfo::both;
}

ReceiveBatch::ReceiveBatch(std::size_t count, std::size_t datagram_bytes_max,
                           PacketInfo packet_info, TimestampUse times, Coalescing coalescing)
    : bytes_max_(datagram_bytes_max),
      control_bytes_(packet_info == PacketInfo::wanted ? RouteControl::kBytesMax : 0),
      stride_((datagram_bytes_max + kStridePadding) / 64 * 64),
      dirty_(count),
      limit_(count),
      memory_(std::make_unique_for_overwrite<std::byte[]>(count * stride_)),
      pieces_(count),
      headers_(count),
      routes_(count) {
  datagrams_.reserve(count);
  if (packet_info == PacketInfo::both || times != TimestampUse::none ||
      coalescing != Coalescing::none) {
    controls_ = std::make_unique_for_overwrite<Control[]>(count);
    control_bytes_ = sizeof(Control);
  }
  for (std::size_t i = 0; i < count; ++i) {
    pieces_[i] = {memory_.get() + i * stride_, bytes_max_};
    headers_[i].msg_hdr.msg_name = routes_[i].peer.data();
    headers_[i].msg_hdr.msg_iov = &pieces_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    if (control_bytes_ == 0) continue;
    headers_[i].msg_hdr.msg_control =
        controls_ ? controls_[i].bytes : RouteControl::data(routes_[i]);
  }
}

std::span<mmsghdr> ReceiveBatch::prepare(std::size_t count_max) {
  assert(!has_more() && "datagrams that were received would be lost");
  // The kernel has changed only what the last call used.
  for (std::size_t i = 0; i < dirty_; ++i) {
    headers_[i].msg_hdr.msg_namelen = SocketAddress::kSizeMax;
    headers_[i].msg_hdr.msg_controllen = control_bytes_;
    headers_[i].msg_hdr.msg_flags = 0;
  }
  dirty_ = 0;
  return std::span(headers_).first(std::min(count_max, limit_));
}

void ReceiveBatch::fill(std::size_t count) {
  dirty_ = count;
  taken_ = 0;
  datagrams_.clear();
  for (std::size_t i = 0; i < count; ++i) describe(i);
  if (count > 0) limit_next(count);
}

std::span<const Datagram> ReceiveBatch::take(std::size_t count_max) {
  const std::size_t from = taken_;
  taken_ += std::min(count_max, datagrams_.size() - from);
  return std::span(datagrams_).subspan(from, taken_ - from);
}

std::size_t ReceiveBatch::drop_rest() {
  return datagrams_.size() - std::exchange(taken_, datagrams_.size());
}

void ReceiveBatch::describe(std::size_t index) {
  const mmsghdr& header = headers_[index];
  DatagramRoute& route = routes_[index];
  route.peer.set_size(header.msg_hdr.msg_namelen);
  Datagram whole{
      .bytes = {memory_.get() + index * stride_, std::min<std::size_t>(header.msg_len, bytes_max_)},
      .is_truncated = (header.msg_hdr.msg_flags & MSG_TRUNC) != 0,
      .route = &route,
      .received_at = {},
  };
  if (controls_) {
    const std::size_t segment_bytes = read_control(index, whole);
    return append_segments(whole, segment_bytes, datagrams_);
  }
  datagrams_.push_back(whole);
  RouteControl::size(route) = static_cast<std::uint8_t>(header.msg_hdr.msg_controllen);
  if (RouteControl::size(route) == 0) return;
  engine::take_descriptors(header.msg_hdr, {});
  reverse_packet_info(route);
}

/// Returns the size at which the datagram is to be cut, 0 if it is not.
std::size_t ReceiveBatch::read_control(std::size_t index, Datagram& datagram) {
  msghdr& message = headers_[index].msg_hdr;
  DatagramRoute& route = routes_[index];
  RouteControl::size(route) = 0;
  if (message.msg_controllen == 0) return 0;
  engine::take_descriptors(message, {});
  std::size_t segment_bytes = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (reverse_packet_info(*control, route)) continue;
    if (const std::size_t size = segment_bytes_in(*control); size > 0) segment_bytes = size;
    if (const auto time = time_in(*control)) datagram.received_at = time;
  }
  return segment_bytes;
}

/// Limits the next receive by what the last one brought for each of its `count` descriptions.
void ReceiveBatch::limit_next(std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) bytes += headers_[i].msg_len;
  const std::size_t by_bytes = kHotBytes * count / std::max<std::size_t>(1, bytes);
  const std::size_t by_messages = kHotMessages * count / datagrams_.size();
  limit_ = std::min(size(), std::max(kFewest, std::min(by_bytes, by_messages)));
}

namespace {

template <typename Info>
void reply_with(DatagramRoute& route, int level, int type, const Info& info) {
  msghdr view{};
  view.msg_control = RouteControl::data(route);
  view.msg_controllen = RouteControl::kBytesMax;
  cmsghdr* header = CMSG_FIRSTHDR(&view);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  RouteControl::size(route) = CMSG_SPACE(sizeof info);
}

template <typename Info>
Info info_of(const cmsghdr& header) {
  Info info;
  std::memcpy(&info, CMSG_DATA(&header), sizeof info);
  return info;
}

}  // namespace

bool reverse_packet_info(const cmsghdr& control, DatagramRoute& route) {
  if (control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_PKTINFO) {
    auto info = info_of<in_pktinfo>(control);
    // The address is enough: naming the interface would override the routing table.
    info.ipi_ifindex = 0;
    reply_with(route, IPPROTO_IP, IP_PKTINFO, info);
    return true;
  }
  if (control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_PKTINFO) {
    auto info = info_of<in6_pktinfo>(control);
    if (IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) {
      // Nothing can be sent from such an address: the kernel chooses one of the interface.
      info.ipi6_addr = in6addr_any;
    } else if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
      info.ipi6_ifindex = 0;
    }
    reply_with(route, IPPROTO_IPV6, IPV6_PKTINFO, info);
    return true;
  }
  return false;
}

void reverse_packet_info(DatagramRoute& route) {
  msghdr view{};
  view.msg_control = RouteControl::data(route);
  view.msg_controllen = std::exchange(RouteControl::size(route), std::uint8_t{0});
  for (cmsghdr* header = CMSG_FIRSTHDR(&view); header != nullptr;
       header = CMSG_NXTHDR(&view, header)) {
    if (reverse_packet_info(*header, route)) return;
  }
}

}  // namespace hotline::net

namespace hotline {

std::uint16_t DatagramRoute::port() const { return net::port_of(peer); }

}  // namespace hotline
