// A UNIX socket: sends each argument and prints its reply. Any stream endpoint works.
//
//   unix_client [ENDPOINT [MESSAGE...]]          default unix:///tmp/hotline.sock; or unix:@hotline
#include <iostream>
#include <string>

#include "hotline/hotline.h"

int report(const hotline::Error& error) {
  std::cerr << "error: " << error.message() << "\nhint: " << error.hint() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  auto call = hotline::connect(argc > 1 ? argv[1] : "unix:///tmp/hotline.sock");
  if (!call) return report(call.error());
  for (int i = 2; i < argc; ++i) {
    std::string message = argv[i];
    if (message.empty()) continue;
    if (auto sent = call->write_all(hotline::as_bytes(message)); !sent) return report(sent.error());
    auto read = call->read_exact(hotline::as_writable_bytes(message));
    if (!read) return report(read.error());
    std::cout << message << '\n';
  }
}
