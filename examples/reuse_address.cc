// Why a restarted server can bind at once. The side that closes first keeps the connection for a
// minute in TIME_WAIT; without SO_REUSEADDR its port would be "in use" until then. listen() sets
// it.
//
//   reuse_address [ENDPOINT]         then: ss -tan state time-wait
#include <cstdio>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  // value() throws the errors that a program this short does not handle.
  auto first = hotline::listen(argc > 1 ? argv[1] : "tcp://127.0.0.1:0").value();
  const hotline::Endpoint endpoint = first.endpoint();
  std::printf("listening %s\n", endpoint.to_string().c_str());
  auto caller = hotline::connect(endpoint).value();
  auto call = first.accept().value();
  // Two servers at once are not possible, whatever the options.
  auto second = hotline::listen(endpoint);
  std::printf("beside it: %s\n", second ? "bound" : second.error().message().c_str());
  call.close();  // The server closes first, so its side of the connection waits.
  hotline::discard(caller.receive());
  caller.close();
  first.close();
  std::puts("the server has closed and ended; its connection is in TIME_WAIT");
  auto restarted = hotline::listen(endpoint);
  std::printf("restarted: %s\n", restarted ? "bound at once" : restarted.error().message().c_str());
  return restarted ? 0 : 1;
}
