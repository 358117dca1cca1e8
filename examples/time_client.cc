// Asks for the time in the format of each line; an empty line is an empty datagram. A datagram may
// get lost, so TimeClient asks up to three times.
//
//   time_client [ENDPOINT]              default udp://127.0.0.1:9000
#include <iostream>
#include <string>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  // value() throws the errors that a program this short does not handle.
  auto client = hotline::TimeClient::connect(argc > 1 ? argv[1] : "udp://127.0.0.1:9000").value();
  std::string format;
  while (std::cerr << ">>: " && std::getline(std::cin, format) && format != "quit") {
    const auto time = client.ask(format);
    if (time) std::cout << *time << std::endl;
    if (!time) std::cerr << "error: " << time.error().message() << std::endl;
  }
}
