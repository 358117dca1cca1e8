#include "net/kernel_times.h"

#include <linux/net_tstamp.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "net/socket.h"

namespace hotline::net {
namespace {

constexpr int kSocketFlags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;

}  // namespace

int set_times(const engine::Channel& channel, TimestampUse use) {
  // Both at once would report every arrival twice.
  const bool has_sent = use == TimestampUse::received_and_sent;
  const bool has_received = use == TimestampUse::received;
  const int sent = set_flag(channel, SOL_SOCKET, SO_TIMESTAMPING, has_sent ? kSocketFlags : 0);
  if (sent < 0) return sent;
  return set_flag(channel, SOL_SOCKET, SO_TIMESTAMPNS, has_received ? 1 : 0);
}

std::optional<std::chrono::system_clock::time_point> time_in(const cmsghdr& control) {
  const bool is_time = control.cmsg_level == SOL_SOCKET && (control.cmsg_type == SO_TIMESTAMPNS ||
                                                            control.cmsg_type == SO_TIMESTAMPING);
  if (!is_time || control.cmsg_len < CMSG_LEN(sizeof(timespec))) return std::nullopt;
  timespec time{};
  std::memcpy(&time, CMSG_DATA(&control), sizeof time);
  // The kernel leaves the software time empty if there is only that of the hardware.
  if (time.tv_sec == 0 && time.tv_nsec == 0) return std::nullopt;
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(
          std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

void write_sent_time_request(std::byte* place) {
  auto* header = reinterpret_cast<cmsghdr*>(place);
  const std::uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SO_TIMESTAMPING;
  header->cmsg_len = CMSG_LEN(sizeof flags);
  std::memcpy(CMSG_DATA(header), &flags, sizeof flags);
}

}  // namespace hotline::net
