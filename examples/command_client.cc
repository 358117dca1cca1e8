// Remote commands: runs each argument at a server, and prints its output.
//
//   command_client [ENDPOINT [COMMAND...]]          default unix:///tmp/hotline-commands.sock
#include <iostream>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  auto call = hotline::connect(argc > 1 ? argv[1] : "unix:///tmp/hotline-commands.sock");
  if (!call) {
    std::cerr << "error: " << call.error().message() << '\n';
    return 1;
  }
  hotline::ShellLineClient client(std::move(*call), {.wire = hotline::CommandWire::i32});
  for (int i = 2; i < argc; ++i) {
    const auto reply = client.run(argv[i]);  // the whole reply, or an error
    if (reply) std::cout << *reply;
    if (!reply) std::cerr << "error: " << reply.error().message() << '\n';
    if (!reply) return 1;
  }
}
