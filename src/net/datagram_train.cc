#include "net/datagram_train.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/route_control.h"
#include "net/socket.h"

namespace hotline::net {
namespace {

// A shorter train saves little, and its peer gets the first datagram later than it would alone.
constexpr std::size_t kLengthMin = 16;

// Older kernels refuse longer ones.
constexpr std::size_t kLengthMax = 64;

// Each datagram must fit into a packet of the route, and every route of IPv6 takes this size.
constexpr std::size_t kDatagramBytesMax = 1200;

// A train is at most as large as the largest datagram.
constexpr std::size_t kTrainBytesMax = 65'000;

bool is_same_route(const DatagramRoute* one, const DatagramRoute* other) {
  if (one == other) return true;
  if (one == nullptr || other == nullptr || !(one->peer == other->peer)) return false;
  const std::size_t size = RouteControl::size(*one);
  return size == RouteControl::size(*other) &&
         std::memcmp(RouteControl::data(*one), RouteControl::data(*other), size) == 0;
}

}  // namespace

Trains ask_for_trains(const engine::Channel& channel) {
  return get_flag(channel, SOL_UDP, UDP_SEGMENT) < 0 ? Trains::none : Trains::possible;
}

std::size_t train_length(std::span<const OutgoingDatagram> datagrams) {
  const OutgoingDatagram& first = datagrams.front();
  const std::size_t size = first.bytes.size();
  // A sent time is that of one packet.
  const bool is_fit =
      size > 0 && size <= kDatagramBytesMax && first.sent_time == SentTime::unwanted;
  if (!is_fit) return 1;
  const auto joins = [&](const OutgoingDatagram& each) {
    return each.bytes.size() == size && each.sent_time == SentTime::unwanted &&
           is_same_route(each.route, first.route);
  };
  const std::size_t length_max = std::min({datagrams.size(), kLengthMax, kTrainBytesMax / size});
  std::size_t length = 1;
  while (length < length_max && joins(datagrams[length])) ++length;
  return length < kLengthMin ? 1 : length;
}

bool is_refusal_of_trains(int code) { return code == -EIO || code == -EOPNOTSUPP; }

void write_train_request(std::byte* place, std::size_t datagram_bytes) {
  auto* header = reinterpret_cast<cmsghdr*>(place);
  const auto size = static_cast<std::uint16_t>(datagram_bytes);
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof size);
  std::memcpy(CMSG_DATA(header), &size, sizeof size);
}

}  // namespace hotline::net
