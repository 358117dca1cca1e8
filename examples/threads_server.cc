// Many callers at once, a thread for each, 16 at most; further callers wait in the backlog. The
// handler is the same as before.
//
//   threads_server [ENDPOINT [WORD]]          default tcp://127.0.0.1:8000 threads:16
//
// Other words: serial, processes:16, loops:2 (fibers: tens of thousands of callers).
#include <cstdio>

#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(hotline::to_upper(*bytes))) return;
  }
}

int main(int argc, char** argv) {
  auto concurrency = hotline::Concurrency::parse(argc > 2 ? argv[2] : "threads:16");
  if (!concurrency) {
    std::fprintf(stderr, "error: %s\n", concurrency.error().message().c_str());
    return 2;
  }
  hotline::ServerOptions options;
  options.concurrency = *concurrency;
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", upper, options);
}
