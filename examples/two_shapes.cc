// One service in two shapes, a call and a message, at two endpoints of one server.
//
//   two_shapes [STREAM-ENDPOINT [DATAGRAM-ENDPOINT]]     default tcp:// and udp://127.0.0.1:8000
#include <cstdio>

#include "hotline/hotline.h"

void upper_call(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(hotline::to_upper(*bytes))) return;
  }
}

hotline::Reply upper_message(const hotline::Message& message) {
  hotline::to_upper(message.bytes());
  return hotline::Reply::in_place(message);
}

int main(int argc, char** argv) {
  hotline::Server server;
  const auto handler = hotline::Handler(upper_call).also(upper_message);
  // value() throws the errors that a program this short does not handle.
  server.add(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", handler).value();
  server.add(argc > 2 ? argv[2] : "udp://127.0.0.1:8000", handler).value();
  const int status = hotline::serve(server);  // Binds all endpoints, or none.
  const hotline::Counters counts = server.counters();
  std::fprintf(stderr, "%lu calls, %lu messages\n", counts.calls, counts.messages);
  return status;
}
