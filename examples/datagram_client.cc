// Datagrams: each line is one. It, or its reply, may get lost, so it is sent up to three times. (A
// late reply is then taken for the next one's; a real protocol numbers its questions.)
//
//   datagram_client [ENDPOINT]          default udp://127.0.0.1:8082
#include <iostream>
#include <string>

#include "hotline/hotline.h"

hotline::Result<std::string> ask(hotline::DatagramSocket& socket, const std::string& question) {
  hotline::Result<hotline::Datagram> reply;
  for (int tries = 0; tries < 3; ++tries) {
    auto sent = socket.send({hotline::as_bytes(question)});
    if (!sent) return hotline::fail(sent.error());
    reply = socket.receive(hotline::deadline_after(std::chrono::seconds(1)));
    if (reply) return std::string(hotline::as_text(reply->bytes));
    if (reply.error().kind != hotline::ErrorKind::timed_out) break;
  }
  return hotline::fail(reply.error());
}

int main(int argc, char** argv) {
  // value() throws the errors that a program this short does not handle.
  const auto server = hotline::Endpoint::parse(argc > 1 ? argv[1] : "udp://127.0.0.1:8082").value();
  auto socket = hotline::connect_datagrams(server).value();
  std::string line;
  while (std::cerr << ">>: " && std::getline(std::cin, line) && line != "quit") {
    const auto reply = ask(socket, line);
    if (!reply) {
      std::cerr << "error: " << reply.error().message() << '\n';
      return 1;
    }
    std::cout << *reply << std::endl;
  }
}
