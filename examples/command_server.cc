// Remote commands: runs programs for callers, over a UNIX socket that only its owner can call. When
// a caller hangs up, its commands are killed, with everything that they have started.
//
//   command_server [ENDPOINT]          default unix:///tmp/hotline-commands.sock, for us alone
#include <iostream>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  auto launcher = hotline::start_launcher();  // first of all: before there is a thread
  if (!launcher) {
    std::cerr << "error: " << launcher.error().message() << '\n';
    return 1;
  }
  const auto commands = hotline::command_handler(**launcher);
  return hotline::serve(argc > 1 ? argv[1] : "unix:///tmp/hotline-commands.sock?mode=600",
                        commands);
}
