#include "net/datagram_train.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/socket.h"

namespace hotline::net {
namespace {

// Older kernels refuse longer ones.
constexpr std::size_t kLengthMax = 64;

// A train is at most as large as the largest datagram.
constexpr std::size_t kTrainBytesMax = 65'000;

// Every route of IPv4 takes this: a packet of 576 bytes with the largest header of IP, less that of
// UDP.
constexpr std::size_t kAnyRouteBytes = 576 - 60 - 8;

}  // namespace

Trains ask_for_trains(const engine::Channel& channel) {
  return get_flag(channel, SOL_UDP, UDP_SEGMENT) < 0 ? Trains{} : Trains::possible;
}

std::size_t train_length(std::span<const OutgoingDatagram* const> datagrams, Trains trains) {
  const OutgoingDatagram& first = *datagrams.front();
  const std::size_t size = first.bytes.size();
  const bool is_fit =
      size > 0 && size <= trains.datagram_bytes_max && first.sent_time == SentTime::unwanted;
  if (!is_fit) return 1;
  const std::size_t length_max = std::min({datagrams.size(), kLengthMax, kTrainBytesMax / size});
  std::size_t length = 1;
  while (length < length_max) {
    const OutgoingDatagram& each = *datagrams[length];
    const std::size_t each_size = each.bytes.size();
    // A sent time is that of one packet.
    if (each_size == 0 || each_size > size || each.sent_time != SentTime::unwanted) break;
    ++length;
    if (each_size < size) break;
  }
  return length;
}

Trains after_refusal(Trains trains, int code, std::size_t datagram_bytes) {
  // A route with small packets refuses large datagrams only.
  const bool is_size = code == -EINVAL || code == -EMSGSIZE;
  if (is_size && datagram_bytes > kAnyRouteBytes) return {datagram_bytes - 1};
  return is_size || code == -EIO || code == -EOPNOTSUPP ? Trains{} : trains;
}

void write_train_request(std::byte* place, std::size_t datagram_bytes) {
  auto* header = reinterpret_cast<cmsghdr*>(place);
  const auto size = static_cast<std::uint16_t>(datagram_bytes);
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof size);
  std::memcpy(CMSG_DATA(header), &size, sizeof size);
}

}  // namespace hotline::net
