// The cheapest datagram server with segmentation offload: receives what the kernel has coalesced
// (UDP_GRO) and answers each with one train (UDP_SEGMENT).

#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>

#include "batch_server.h"
#include "listening.h"

namespace floors {
namespace {

class SegmentControl {
 public:
  void reset(msghdr& message) {
    message.msg_control = bytes_;
    message.msg_controllen = sizeof bytes_;
  }

  // The reply is cut where the request was put together.
  static void answer(msghdr& message) {
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

 private:
  alignas(cmsghdr) char bytes_[CMSG_SPACE(sizeof(int))];
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  const int fd = floors::bound_datagram_socket(floors::port_option(argc, argv));
  const int on = 1;
  if (setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0) floors::die("UDP_GRO");
  floors::announce("udp", fd);
  floors::BatchServer<floors::SegmentControl>(fd).run();
}
