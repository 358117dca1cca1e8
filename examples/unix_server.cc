// A UNIX socket: the same server, for callers on this machine. Its name is a path or, after an @, a
// name in Linux's abstract space, which needs no file and leaves none.
//
//   unix_server [ENDPOINT]          default unix:///tmp/hotline.sock; or unix:@hotline
#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  while (auto bytes = call.receive()) {
    if (!call.write_all(hotline::to_upper(*bytes))) return;
  }
}

int main(int argc, char** argv) {
  // mode: users who may write to the file may call. The end of the server removes the file; a file
  // that a killed server left is replaced.
  return hotline::serve(argc > 1 ? argv[1] : "unix:///tmp/hotline.sock?mode=600", upper);
}
