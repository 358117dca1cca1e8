// The loop: any number of requests in one call, until the caller hangs up; then the next call.
// Callers do not wait for each other, without any code for that: see one_caller_after_another.
//
//   loop_server [ENDPOINT]          default tcp://127.0.0.1:8000; then run loop_client
#include <iostream>

#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(hotline::to_upper(*bytes))) break;
  }
  // A hang-up ends this call, never the server. One string, so that the lines of two calls do not
  // mix.
  std::cout << "a call ended: " + std::string(name_of(call.end_reason()->kind)) + '\n'
            << std::flush;
}

int main(int argc, char** argv) {
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", upper);
}
