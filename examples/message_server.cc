// Messages on a stream: the endpoint names the framing, and the handler gets whole messages. The
// same function serves datagrams, and any other framing.
//
//   message_server [ENDPOINT]          default tcp://127.0.0.1:8000?framing=lines; then nc
#include "hotline/hotline.h"

hotline::Reply upper(const hotline::Message& message) {
  hotline::to_upper(message.bytes());  // A line without its end; the reply gets one, too.
  return hotline::Reply::in_place(message);
}

int main(int argc, char** argv) {
  return hotline::serve(argc > 1 ? argv[1] : "tcp://127.0.0.1:8000?framing=lines", upper);
}
