// The trap: sends `one` and `two`, which arrive as one; then `three`, which arrives as two. Any
// network may do both at any time; here they are forced, so that each run shows them.
//
//   no_messages_client [ENDPOINT]          default tcp://127.0.0.1:8000
#include <cstdio>
#include <string>

#include "hotline/hotline.h"

using hotline::as_bytes;

int main(int argc, char** argv) {
  // value() throws the errors that a program this short does not handle.
  auto call = hotline::connect(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000").value();
  const auto read_reply = [&](std::size_t size) {
    std::string reply(size, '\0');
    call.read_exact(hotline::as_writable_bytes(reply)).value();
    std::printf("replied: %s\n", reply.c_str());
  };
  const hotline::Bytes quick[] = {as_bytes("one"), as_bytes("two")};
  call.write_all(quick).value();  // So close together that one packet carries both.
  read_reply(6);                  // Only the sender knows where one ends.
  call.write_all(as_bytes("thr")).value();
  read_reply(3);  // The server took the half for a message and has answered it.
  call.write_all(as_bytes("ee")).value();
  read_reply(2);
}
