#include "net/datagram_batch.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "engine/passed_descriptors.h"
#include "net/address.h"
#include "net/route_control.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

// With strides that are a power of two, the first lines of all buffers would share one cache set.
constexpr std::size_t kStridePadding = 320;

}  // namespace

PacketInfo ask_for_packet_info(const engine::Channel& channel, const SocketAddress& bound) {
  if (!is_wildcard(bound)) return PacketInfo::none;
  if (family_of(bound) == AF_INET) {
    set_flag(channel, IPPROTO_IP, IP_PKTINFO);
  } else {
    set_flag(channel, IPPROTO_IPV6, IPV6_RECVPKTINFO);
  }
  return PacketInfo::wanted;
}

ReceiveBatch::ReceiveBatch(std::size_t count, std::size_t datagram_bytes_max,
                           PacketInfo packet_info, TimestampUse times)
    : bytes_max_(datagram_bytes_max),
      control_bytes_(packet_info == PacketInfo::wanted ? RouteControl::kBytesMax : 0),
      stride_((datagram_bytes_max + kStridePadding) / 64 * 64),
      dirty_(count),
      memory_(std::make_unique_for_overwrite<std::byte[]>(count * stride_)),
      pieces_(count),
      headers_(count),
      timed_controls_(times == TimestampUse::none ? 0 : count),
      routes_(count),
      datagrams_(count) {
  if (times != TimestampUse::none) control_bytes_ = kTimedControlBytes;
  for (std::size_t i = 0; i < count; ++i) {
    pieces_[i] = {memory_.get() + i * stride_, bytes_max_};
    headers_[i].msg_hdr.msg_name = routes_[i].peer.data();
    headers_[i].msg_hdr.msg_iov = &pieces_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    if (control_bytes_ == 0) continue;
    headers_[i].msg_hdr.msg_control =
        timed_controls_.empty() ? RouteControl::data(routes_[i]) : timed_controls_[i].bytes;
  }
}

std::span<mmsghdr> ReceiveBatch::prepare(std::size_t count_max) {
  // The kernel has changed only what the last call used.
  for (std::size_t i = 0; i < dirty_; ++i) {
    headers_[i].msg_hdr.msg_namelen = SocketAddress::kSizeMax;
    headers_[i].msg_hdr.msg_controllen = control_bytes_;
    headers_[i].msg_hdr.msg_flags = 0;
  }
  dirty_ = 0;
  return std::span(headers_).first(std::min(count_max, headers_.size()));
}

std::span<const Datagram> ReceiveBatch::take(std::size_t count) {
  dirty_ = count;
  for (std::size_t i = 0; i < count; ++i) describe(i);
  return std::span(datagrams_).first(count);
}

void ReceiveBatch::describe(std::size_t index) {
  const mmsghdr& header = headers_[index];
  DatagramRoute& route = routes_[index];
  route.peer.set_size(header.msg_hdr.msg_namelen);
  datagrams_[index] = {
      .bytes = {memory_.get() + index * stride_, std::min<std::size_t>(header.msg_len, bytes_max_)},
      .is_truncated = (header.msg_hdr.msg_flags & MSG_TRUNC) != 0,
      .route = &route,
      .received_at = {},
  };
  if (!timed_controls_.empty()) return read_timed_control(index);
  RouteControl::size(route) = static_cast<std::uint8_t>(header.msg_hdr.msg_controllen);
  if (RouteControl::size(route) == 0) return;
  engine::take_descriptors(header.msg_hdr, {});
  reverse_packet_info(route);
}

void ReceiveBatch::read_timed_control(std::size_t index) {
  msghdr& message = headers_[index].msg_hdr;
  DatagramRoute& route = routes_[index];
  RouteControl::size(route) = 0;
  engine::take_descriptors(message, {});
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (reverse_packet_info(*control, route)) continue;
    if (const auto time = time_in(*control)) datagrams_[index].received_at = time;
  }
}

namespace {

void address(msghdr& header, const DatagramRoute& route) {
  header.msg_name = const_cast<void*>(route.peer.data());
  header.msg_namelen = static_cast<socklen_t>(route.peer.size());
  if (RouteControl::size(route) == 0) return;
  header.msg_control = const_cast<std::byte*>(RouteControl::data(route));
  header.msg_controllen = RouteControl::size(route);
}

}  // namespace

std::span<mmsghdr> SendBatch::prepare(std::span<const OutgoingDatagram> datagrams, Trains trains) {
  const std::size_t count = std::min(datagrams.size(), pieces_.size());
  std::size_t described = 0;
  for (std::size_t i = 0; i < count; i += lengths_[described++]) {
    const auto rest = datagrams.first(count).subspan(i);
    const std::size_t length = trains == Trains::none ? 1 : train_length(rest);
    for (std::size_t at = i; at < i + length; ++at) {
      const Bytes bytes = datagrams[at].bytes;
      pieces_[at] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    }
    lengths_[described] = length;
    describe(described, std::span(pieces_).subspan(i, length), rest.front());
  }
  return std::span(headers_).first(described);
}

std::size_t SendBatch::datagrams_in(std::size_t count) const {
  return std::accumulate(lengths_.begin(), lengths_.begin() + static_cast<std::ptrdiff_t>(count),
                         std::size_t{0});
}

void SendBatch::describe(std::size_t index, std::span<iovec> pieces,
                         const OutgoingDatagram& first) {
  msghdr& header = headers_[index].msg_hdr;
  header = {};
  header.msg_iov = pieces.data();
  header.msg_iovlen = pieces.size();
  if (first.route != nullptr) address(header, *first.route);
  if (pieces.size() > 1) {
    write_train_request(make_room(index, kTrainRequestBytes), first.bytes.size());
  } else if (first.sent_time == SentTime::wanted && times_ == TimestampUse::received_and_sent) {
    write_sent_time_request(make_room(index, kSentTimeRequestBytes));
  }
}

/// Returns the place of another control message of `size` bytes, before those of the route.
std::byte* SendBatch::make_room(std::size_t index, std::size_t size) {
  msghdr& header = headers_[index].msg_hdr;
  std::byte* const control = controls_[index].bytes;
  if (header.msg_controllen > 0) {
    std::memcpy(control + size, header.msg_control, header.msg_controllen);
  }
  header.msg_control = control;
  header.msg_controllen += size;
  return control;
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
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = 0;
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
