// A protocol of many streams on one connection: on each stream, the bytes of flow 0 come back in
// upper case on flow 1. Streams go on side by side, each with a handler and credit of its own.
//
//   session_server [ENDPOINT]          default tcp://127.0.0.1:8000; then session_client
#include <iostream>
#include <string>

#include "hotline/hotline.h"

void upper(hotline::SessionStream& stream) {
  if (!stream.accept()) return;
  for (;;) {
    const auto bytes = stream.read(0);
    if (!bytes) return;         // cut off, or the client has reset the stream
    if (bytes->empty()) break;  // the end: everything has arrived
    std::string text(hotline::as_text(*bytes));
    hotline::to_upper(std::as_writable_bytes(std::span(text)));
    if (!stream.write(1, hotline::as_bytes(text))) return;
  }
  if (!stream.end(1) || !stream.end_messages()) return;
  hotline::discard(stream.receive());  // Waits for the client's end: a handler that returns resets.
}

int main(int argc, char** argv) {
  const auto serve_call = [](hotline::Stream& call) {
    const auto served = hotline::serve_streams(call, {.protocol = "upper/1"}, upper);
    if (!served) std::cerr << "error: " << served.error().message() << '\n';
  };
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", serve_call);
}
