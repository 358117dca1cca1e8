// Asks for the time in the format of each line; an empty line is an empty datagram. A question or
// its reply may get lost, so it is asked up to three times.
//
//   time_client [ENDPOINT]              default udp://127.0.0.1:9000
#include <iostream>
#include <string>

#include "hotline/hotline.h"

using hotline::Result;

Result<std::string> ask(hotline::DatagramSocket& server, const std::string& format) {
  Result<hotline::Datagram> reply;
  for (int tries = 0; tries < 3; ++tries) {
    if (auto sent = server.send({hotline::as_bytes(format)}); !sent) return fail(sent.error());
    reply = server.receive(hotline::deadline_after(std::chrono::seconds(1)));
    if (reply) return std::string(hotline::as_text(reply->bytes));
    if (reply.error().kind != hotline::ErrorKind::timed_out) break;
  }
  return fail(reply.error());
}

int main(int argc, char** argv) {
  // value() throws the errors that a program this short does not handle.
  auto server = hotline::connect_datagrams(argc > 1 ? argv[1] : "udp://127.0.0.1:9000").value();
  std::string format;
  while (std::cerr << ">>: " && std::getline(std::cin, format) && format != "quit") {
    const auto time = ask(server, format);
    if (!time) {
      std::cerr << "error: " << time.error().message() << '\n';
      return 1;
    }
    std::cout << *time << std::endl;
  }
}
