// An exception that leaves a handler ends its own call, with a reset, and is reported on standard
// error; the server goes on. At its end the server reports its counts.
//
//   failing_handler [ENDPOINT]                default tcp://127.0.0.1:8000
#include <cstdio>
#include <stdexcept>

#include "hotline/hotline.h"

void picky(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    if (hotline::as_text(*bytes).starts_with("boom")) throw std::runtime_error("as asked");
    if (!call.write_all(hotline::to_upper(*bytes)))
      return;  // A reset too: the caller sees that the reply was cut off.
  }
}

int main(int argc, char** argv) {
  hotline::Server server;
  server.add(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", picky, "picky").value();
  const int status = hotline::serve(server);
  const hotline::Counters counts = server.counters();
  std::printf("%lu calls, %lu failures\n", counts.calls, counts.handler_failures);
  return status;
}
