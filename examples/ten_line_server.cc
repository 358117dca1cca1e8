// A whole server: answers all bytes that arrive with the same bytes in upper case, for any number
// of callers at once, until ^C.
//
//   ten_line_server          and in another terminal: loop_client, or nc 127.0.0.1 8000
#include "hotline/hotline.h"

void upper(hotline::Stream& call) {
  while (auto bytes = call.receive())  // ends at a hang-up; call.end_reason() has its kind
    if (!call.write_all(hotline::to_upper(*bytes))) return;  // edits the leased bytes in place
}

int main() { return hotline::serve("tcp://127.0.0.1:8000", upper); }
