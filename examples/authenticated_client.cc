// The caller of authenticated_server: answers the challenge, sends one message and prints the
// reply.
//
//   authenticated_client SECRET-FILE MESSAGE [SCHEME] [ENDPOINT]
#include <iostream>
#include <span>
#include <string>

#include "hotline/hotline.h"

int report(const hotline::Error& error, const std::string& hint) {
  std::cerr << "error: " << error.message() << "\nhint: " << hint << '\n';
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: authenticated_client SECRET-FILE MESSAGE [SCHEME] [ENDPOINT]\n";
    return 2;
  }
  const std::string scheme = argc > 3 ? argv[3] : "hmac-md5";
  const std::string endpoint = argc > 4 ? argv[4] : "tcp://127.0.0.1:8000";
  auto call =
      hotline::connect_authenticated(endpoint + "?auth=" + scheme + "&secret-file=" + argv[1]);
  if (!call) return report(call.error(), call.error().hint());
  std::string text = argv[2];
  if (auto sent = call->write_all(hotline::as_bytes(text)); !sent) {
    return report(sent.error(), sent.error().hint());
  }
  auto read = call->read_exact(std::as_writable_bytes(std::span(text)));
  // A server does not say that an answer is wrong: it hangs up.
  if (!read) return report(read.error(), "is the secret the same on both sides?");
  std::cout << text << '\n';
}
