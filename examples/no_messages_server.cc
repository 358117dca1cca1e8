// The trap: TCP has no messages. Prints what each receive returns, which is not always what was
// sent; frames_server has the solution.
//
//   no_messages_server [ENDPOINT]          default tcp://127.0.0.1:8000; then no_messages_client
#include <cstdio>

#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    std::printf("received: %s\n", hotline::escape(*bytes).c_str());
    std::fflush(stdout);
    if (!call.write_all(hotline::to_upper(*bytes))) return;
  }
}

int main(int argc, char** argv) {
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", upper);
}
