// One call: accepts one caller, answers its first bytes in upper case, closes, and exits.
//
//   one_call_server [ENDPOINT]          default tcp://127.0.0.1:8000; then run one_call_client
#include <cstdio>

#include "hotline/hotline.h"

void answer_once(hotline::Stream& call) {
  auto bytes = call.receive();
  if (!bytes) return;  // The caller hung up without sending anything.
  std::printf("%s says %s\n", call.peer().to_string().c_str(), hotline::escape(*bytes).c_str());
  if (!call.write_all(hotline::to_upper(*bytes))) std::puts("and has gone");
}  // The return closes the call; what was written is still sent.

int main(int argc, char** argv) {
  hotline::ServerOptions options;
  options.calls = hotline::CallCount::one;
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", answer_once, options);
}
