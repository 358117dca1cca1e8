// Remote commands: runs a program at a server, and prints its output and how it ended.
//
//   command_client [ENDPOINT [PROGRAM [ARGUMENT...]]]   default unix:///tmp/hotline-commands.sock
#include <iostream>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  auto call = hotline::connect(argc > 1 ? argv[1] : "unix:///tmp/hotline-commands.sock");
  if (!call) {
    std::cerr << "error: " << call.error().message() << '\n';
    return 1;
  }
  auto client = hotline::CommandClient::open(std::move(*call));
  if (!client) {
    std::cerr << "error: " << client.error().message() << '\n';
    return 1;
  }
  if (argc < 3) return 0;
  const auto done = client->run({argv + 2, argv + argc});  // all of its output, or an error
  if (!done) {
    std::cerr << "error: " << done.error().message() << '\n';
    return 1;
  }
  std::cout << done->output;
  std::cerr << done->error;
  return done->exit.status();
}
