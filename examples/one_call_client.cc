// One call: sends a message, prints everything that comes back until the server closes, and exits.
//
//   one_call_client [ENDPOINT [MESSAGE]]          default tcp://127.0.0.1:8000 hello
#include <iostream>

#include "hotline/hotline.h"

int report(const hotline::Error& error) {
  std::cerr << "error: " << error.message() << "\nhint: " << error.hint() << '\n';
  return 1;
}

int main(int argc, char** argv) {
  auto call = hotline::connect(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000");
  if (!call) return report(call.error());
  const auto message = hotline::as_bytes(argc > 2 ? argv[2] : "hello");
  if (auto sent = call->write_all(message); !sent) return report(sent.error());
  // In however many pieces the reply comes, it is complete when the server closes.
  while (auto bytes = call->receive()) std::cout << hotline::as_text(*bytes);
  std::cout << '\n';
  return call->ended_with(hotline::ErrorKind::closed) ? 0 : report(*call->end_reason());
}
