// The solution: a framing defines where messages end. FrameStream returns each whole, in whatever
// pieces it came. If a handler does no more than this, a message handler is shorter: see
// message_server.
//
//   frames_server [ENDPOINT]          default tcp://127.0.0.1:8000; then frames_client
#include <cstdio>

#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  hotline::FrameStream frames(call, {.kind = hotline::Framing::Kind::u32be});
  while (auto message = frames.read_frame()) {
    std::printf("received: %s\n", hotline::escape(*message).c_str());
    std::fflush(stdout);
    if (!frames.write_frame(hotline::to_upper(*message))) break;
  }
  // `closed` between two messages; `truncated` within one, which is never returned as a short
  // message.
}

int main(int argc, char** argv) {
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000", upper);
}
