// Opens a stream at session_server for each text, all on one connection, and prints what comes
// back.
//
//   session_client ENDPOINT TEXT...
#include <iostream>
#include <vector>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: session_client ENDPOINT TEXT...\n";
    return 2;
  }
  // value() throws the errors that a program this short does not handle.
  auto session = hotline::Session::start(hotline::connect(argv[1]).value(),
                                         hotline::SessionRole::client, {.protocol = "upper/1"})
                     .value();
  std::vector<hotline::SessionStream> streams;
  for (int i = 2; i < argc; ++i) {
    const hotline::SessionFlows flows{.from_opener = 1, .from_accepter = 1};
    streams.push_back(session.open(flows, {}).value());
    streams.back().write(0, hotline::as_bytes(argv[i])).value();
    streams.back().end(0).value();
    streams.back().end_messages().value();
  }
  for (hotline::SessionStream& stream : streams) {
    for (auto bytes = stream.read(1).value(); !bytes.empty(); bytes = stream.read(1).value()) {
      std::cout << hotline::as_text(bytes);
    }
    std::cout << '\n';
    hotline::discard(stream.receive());  // Waits for the end of the stream.
  }
  session.finish().value();  // Fails if anything was cut off.
}
