// Datagrams: each message is answered separately; there is no call and no hang-up.
//
//   datagram_server [ENDPOINT]          default udp://127.0.0.1:8082; then run datagram_client
#include "hotline/hotline.h"

hotline::Reply upper(const hotline::Message& message) {
  hotline::to_upper(message.bytes());  // An empty datagram is a message too.
  return hotline::Reply::in_place(message);
}

int main(int argc, char** argv) {
  return hotline::serve(argc > 1 ? argv[1] : "udp://127.0.0.1:8082", upper);
}
