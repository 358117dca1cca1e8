// The cheapest datagram server without segmentation offload: recvmmsg and sendmmsg, 64 at a time.

#include "batch_server.h"
#include "listening.h"

namespace floors {
namespace {

struct NoControl {
  static void reset(msghdr&) {}
  static void answer(msghdr&) {}
};

}  // namespace
}  // namespace floors

int main(int argc, char** argv) {
  const int fd = floors::bound_datagram_socket(floors::port_option(argc, argv));
  floors::announce("udp", fd);
  floors::BatchServer<floors::NoControl>(fd).run();
}
