// The cheapest NTP server without segmentation offload: recvmmsg and sendmmsg, 64 at a time, with
// the kernel's receive times. It checks nothing but the size of a request.

#include <endian.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "listening.h"

namespace floors {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kPacket = 48;
constexpr std::size_t kControl = CMSG_SPACE(sizeof(timespec));
constexpr std::uint64_t kSecondsTo1970 = 2'208'988'800;

struct Times {
  std::uint64_t originate;
  std::uint64_t receive;
  std::uint64_t transmit;
};

std::uint64_t timestamp(const timespec& time) {
  const std::uint64_t seconds = static_cast<std::uint64_t>(time.tv_sec) + kSecondsTo1970;
  const std::uint64_t fraction = (static_cast<std::uint64_t>(time.tv_nsec) << 32) / 1'000'000'000;
  return htobe64(seconds << 32 | fraction);
}

class NtpServer {
 public:
  explicit NtpServer(int socket) : socket_(socket) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces_[i].iov_base = packets_[i].data();
      msghdr& header = messages_[i].msg_hdr;
      header.msg_iov = &pieces_[i];
      header.msg_iovlen = 1;
      header.msg_name = &peers_[i];
    }
  }

  [[noreturn]] void run() {
    while (true) {
      prepare();
      const int count = recvmmsg(socket_, messages_.data(), kBatch, MSG_WAITFORONE, nullptr);
      if (count < 0 && errno != EINTR && errno != ECONNREFUSED) die("recvmmsg");
      if (count > 0) answer(static_cast<unsigned>(count));
    }
  }

 private:
  void prepare() {
    for (std::size_t i = 0; i < used_; ++i) {
      msghdr& header = messages_[i].msg_hdr;
      pieces_[i].iov_len = kPacket;
      header.msg_namelen = sizeof peers_[i];
      header.msg_control = controls_[i].data();
      header.msg_controllen = kControl;
    }
  }

  void answer(unsigned count) {
    used_ = count;
    for (unsigned i = 0; i < count; ++i) fill(i);
    for (unsigned done = 0; done < count;) {
      const int sent = sendmmsg(socket_, messages_.data() + done, count - done, 0);
      // A datagram that cannot go is lost, as the network might have lost it.
      done += sent > 0 ? static_cast<unsigned>(sent) : 1;
    }
  }

  void fill(unsigned index) {
    msghdr& header = messages_[index].msg_hdr;
    Times times{};
    if (const cmsghdr* control = CMSG_FIRSTHDR(&header)) {
      timespec received{};
      std::memcpy(&received, CMSG_DATA(control), sizeof received);
      times.receive = timestamp(received);
    }
    auto& packet = packets_[index];
    std::memcpy(&times.originate, packet.data() + 40, sizeof times.originate);
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    times.transmit = timestamp(now);
    // Leap 0, version 4, mode 4; stratum 5; poll; precision.
    const unsigned char head[] = {0x24, 5, packet[2], 0xE8};
    std::memset(packet.data(), 0, 24);
    std::memcpy(packet.data(), head, sizeof head);
    std::memcpy(packet.data() + 24, &times, sizeof times);
    header.msg_control = nullptr;
    header.msg_controllen = 0;
  }

  int socket_;
  std::size_t used_ = kBatch;
  std::array<std::array<unsigned char, kPacket>, kBatch> packets_{};
  std::array<std::array<char, kControl>, kBatch> controls_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> pieces_{};
  std::array<sockaddr_in, kBatch> peers_{};
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  const int fd = floors::bound_datagram_socket(floors::port_option(argc, argv));
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) floors::die("TIMESTAMPNS");
  floors::announce("ntp", fd);
  floors::NtpServer(fd).run();
}
