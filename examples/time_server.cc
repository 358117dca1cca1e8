// The time as text: a datagram is a format of strftime(3), the reply is the local time in it, and
// an empty datagram stands for a usual format. The service does not answer what could make it loop,
// and it limits how often it answers callers on other machines.
//
//   time_server [ENDPOINT [ZONE]]       default udp://127.0.0.1:9000; then run time_client
#include <iostream>

#include "hotline/hotline.h"

int main(int argc, char** argv) {
  hotline::TimeOptions options;  // The zone of this machine, in English.
  if (argc > 2) options.zone = hotline::TimeZone::find(argv[2]).value();
  const auto answer = hotline::TimeMessages::make(options);
  if (!answer) {
    std::cerr << "error: " << answer.error().message() << '\n';
    return 1;
  }
  return hotline::serve(argc > 1 ? argv[1] : "udp://127.0.0.1:9000", *answer);
}
