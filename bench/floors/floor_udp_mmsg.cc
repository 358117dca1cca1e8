// The cheapest datagram server without segmentation offload: recvmmsg and sendmmsg, 64 at a time.

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <memory>

#include "listening.h"
#include "upper_ascii.h"

namespace floors {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kDatagramMax = 65536;
// Not a power of two, so that the first lines of the buffers spread over the cache's sets.
constexpr std::size_t kStride = kDatagramMax + 192;

class DatagramServer {
 public:
  explicit DatagramServer(int socket) : socket_(socket) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces_[i].iov_base = memory_.get() + i * kStride;
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
      messages_[i].msg_hdr.msg_name = &peers_[i];
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
    }
  }

  void answer(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      pieces_[i].iov_len = messages_[i].msg_len;
      upper_ascii(static_cast<char*>(pieces_[i].iov_base), messages_[i].msg_len);
    }
    for (unsigned done = 0; done < count;) {
      const int sent = sendmmsg(socket_, messages_.data() + done, count - done, 0);
      // A datagram that cannot go is lost, as the network might have lost it.
      done += sent > 0 ? static_cast<unsigned>(sent) : 1;
    }
  }

  int socket_;
  std::unique_ptr<char[]> memory_ = std::make_unique_for_overwrite<char[]>(kBatch * kStride);
  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> pieces_{};
  std::array<sockaddr_in, kBatch> peers_{};
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  const int fd = floors::bound_datagram_socket(floors::port_option(argc, argv));
  floors::announce("udp", fd);
  floors::DatagramServer(fd).run();
}
