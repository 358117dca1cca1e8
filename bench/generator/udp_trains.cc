#include "udp_trains.h"

#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "failure.h"

namespace bench {
namespace {

constexpr std::size_t kTrainBytesMax = 65'000;
constexpr std::size_t kReceivedMax = 65'536;

}  // namespace

UdpTrains::UdpTrains(const Options& options)
    : bytes_(options.bytes),
      segments_(std::min(options.segments, std::max<std::size_t>(1, kTrainBytesMax / bytes_))),
      memory_(std::make_unique_for_overwrite<char[]>(kReceivedMax)) {}

void UdpTrains::accept_on(const Descriptor& socket) {
  const int on = 1;
  if (setsockopt(socket.get(), SOL_UDP, UDP_GRO, &on, sizeof on) != 0)
    throw Failure::system("UDP_GRO");
}

UdpTrains::Received UdpTrains::receive(const Descriptor& socket) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec piece{memory_.get(), kReceivedMax};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t received = recvmsg(socket.get(), &message, MSG_DONTWAIT);
  if (received < 0 && errno != EAGAIN) throw Failure::system("recvmsg");
  if (received < 0) return {};
  const auto size = static_cast<std::size_t>(received);
  int segment_size = 0;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO)
    std::memcpy(&segment_size, CMSG_DATA(header), sizeof segment_size);
  const bool is_train = segment_size > 0;
  return {memory_.get(), size,
          is_train ? static_cast<std::size_t>(segment_size) : std::max<std::size_t>(1, size)};
}

void UdpTrains::send(const Descriptor& socket, char* bytes, std::size_t count) const {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(std::uint16_t))] = {};
  const auto segment_size = static_cast<std::uint16_t>(bytes_);
  while (count > 0) {
    const std::size_t length = std::min(count, segments_);
    iovec piece{bytes, length * bytes_};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment_size);
    std::memcpy(CMSG_DATA(header), &segment_size, sizeof segment_size);
    if (length == 1) message.msg_controllen = 0;
    const ssize_t sent = sendmsg(socket.get(), &message, MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS) throw Failure::system("sendmsg");
    bytes += piece.iov_len;
    count -= length;
  }
}

}  // namespace bench
