// The cheapest datagram server with segmentation offload: receives what the kernel has coalesced
// (UDP_GRO) and answers each with one train (UDP_SEGMENT).

#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "listening.h"
#include "upper_ascii.h"

namespace floors {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kDatagramMax = 65536;
// Not a power of two, so that the first lines of the buffers spread over the cache's sets.
constexpr std::size_t kStride = kDatagramMax + 192;

struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
};

class CoalescingServer {
 public:
  explicit CoalescingServer(int socket) : socket_(socket) {
    const int on = 1;
    if (setsockopt(socket, SOL_UDP, UDP_GRO, &on, sizeof on) != 0) die("UDP_GRO");
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces_[i].iov_base = memory_.get() + i * kStride;
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_name = &peers_[i];
      messages_[i].msg_hdr.msg_control = controls_[i].bytes;
    }
  }

  [[noreturn]] void run() {
    unsigned used = kBatch;
    while (true) {
      reset(used);
      const int count = recvmmsg(socket_, messages_.data(), kBatch, MSG_WAITFORONE, nullptr);
      if (count < 0 && errno != EINTR && errno != ECONNREFUSED) die("recvmmsg");
      used = count < 0 ? 0 : static_cast<unsigned>(count);
      answer(used);
    }
  }

 private:
  void reset(unsigned used) {
    for (unsigned i = 0; i < used; ++i) {
      pieces_[i].iov_len = kDatagramMax;
      messages_[i].msg_hdr.msg_namelen = sizeof peers_[i];
      messages_[i].msg_hdr.msg_controllen = sizeof controls_[i].bytes;
    }
  }

  void answer(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      pieces_[i].iov_len = messages_[i].msg_len;
      upper_ascii(static_cast<char*>(pieces_[i].iov_base), messages_[i].msg_len);
      ask_for_train(messages_[i].msg_hdr);
    }
    for (unsigned done = 0; done < count;) {
      const int sent = sendmmsg(socket_, messages_.data() + done, count - done, 0);
      // A datagram that cannot go is lost, as the network might have lost it.
      done += sent > 0 ? static_cast<unsigned>(sent) : 1;
    }
  }

  // The reply is cut where the request was put together.
  static void ask_for_train(msghdr& message) {
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    if (control == nullptr || control->cmsg_type != UDP_GRO) {
      message.msg_controllen = 0;
      return;
    }
    int received = 0;
    std::memcpy(&received, CMSG_DATA(control), sizeof received);
    const auto size = static_cast<std::uint16_t>(received);
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof size);
    std::memcpy(CMSG_DATA(control), &size, sizeof size);
    message.msg_controllen = CMSG_SPACE(sizeof size);
  }

  int socket_;
  std::unique_ptr<char[]> memory_ = std::make_unique_for_overwrite<char[]>(kBatch * kStride);
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> pieces_{};
  std::array<sockaddr_in, kBatch> peers_{};
  std::array<Control, kBatch> controls_{};
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  const int fd = floors::bound_datagram_socket(floors::port_option(argc, argv));
  floors::announce("udp", fd);
  floors::CoalescingServer(fd).run();
}
