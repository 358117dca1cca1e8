// The solution: sends the messages of no_messages_client again, each with its length before it.
//
//   frames_client [ENDPOINT]          default tcp://127.0.0.1:8000
#include <cstdio>
#include <string>
#include <thread>

#include "hotline/hotline.h"

using hotline::as_bytes;
using namespace std::string_view_literals;

int main(int argc, char** argv) {
  // value() throws the errors that a program this short does not handle.
  const std::string server = argc > 1 ? argv[1] : "tcp://127.0.0.1:8000";
  auto frames = hotline::connect_frames(server + "?framing=u32be").value();
  const auto read_reply = [&] {
    const auto reply = frames.read_frame().value();
    std::printf("replied: %.*s\n", int(reply.size()), hotline::as_text(reply).data());
  };
  const hotline::Bytes quick[] = {as_bytes("one"), as_bytes("two")};
  frames.write_frames(quick).value();  // In one write, and still two messages.
  read_reply();
  read_reply();
  // By hand, because write_frame sends no partial messages: the length, and a part of the message.
  frames.stream().write_all(as_bytes("\0\0\0\5thr"sv)).value();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  frames.stream().write_all(as_bytes("ee")).value();
  read_reply();
}
