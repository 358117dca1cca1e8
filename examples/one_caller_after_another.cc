// One caller after another: the next waits in the backlog until this one hangs up. Only the word of
// concurrency differs from loop_server.
//
//   one_caller_after_another [ENDPOINT]          default tcp://127.0.0.1:8000; run two loop_clients
#include <iostream>

#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  std::cout << "a call begins" << std::endl;
  while (auto bytes = call.receive()) {
    if (!call.write_all(hotline::to_upper(*bytes))) break;
  }
  std::cout << "a call ends" << std::endl;
}

int main(int argc, char** argv) {
  hotline::ServerOptions options;
  options.concurrency.kind = hotline::Concurrency::Kind::serial;
  // A silent caller keeps the others waiting, but not for ever.
  options.timeouts.first_byte = std::chrono::seconds(30);
  options.timeouts.idle = std::chrono::minutes(2);
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", upper, options);
}
