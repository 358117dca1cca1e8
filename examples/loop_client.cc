// The loop: reads lines and prints the reply to each; `quit` or the end of input hangs up.
//
//   loop_client [ENDPOINT]          default tcp://127.0.0.1:8000
#include <iostream>
#include <string>

#include "hotline/hotline.h"

int report(const hotline::Error& error) {
  std::cerr << "error: " << error.message() << "\nhint: " << error.hint() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  auto call = hotline::connect(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000");
  if (!call) return report(call.error());
  std::string line;
  while (std::cerr << ">>: " && std::getline(std::cin, line) && line != "quit") {
    if (line.empty()) continue;  // An empty line sends nothing and gets no reply.
    if (auto sent = call->write_all(hotline::as_bytes(line)); !sent) return report(sent.error());
    // TCP has no messages: a reply may come in pieces. This one is as long as its request.
    auto read = call->read_exact(hotline::as_writable_bytes(line));
    if (!read) return report(read.error());
    std::cout << line << std::endl;
  }
}
