#include "cli/endpoint_forms.h"

namespace hotline::cli {

std::vector<Definition> endpoint_forms() {
  return {{"tcp://HOST:PORT",
           "a TCP stream. tcp://:8000 listens on every address. Port 0 takes a "
           "free port."},
          {"udp://HOST:PORT", "UDP datagrams"},
          {"unix:///PATH", "a UNIX stream"},
          {"unix:@NAME", "a UNIX stream with an abstract name (Linux), which is not a file"},
          {"unixgram:///PATH", "UNIX datagrams"},
          {"unixgram:@NAME", "UNIX datagrams with an abstract name"},
          {"fd:N",
           "'serve' only: a socket inherited as descriptor N, which is listening, or bound if "
           "it is for datagrams. The server uses a duplicate and closes N."}};
}

std::vector<std::string> endpoint_prefixes() {
  return {"tcp://", "udp://", "unix:///", "unix:@", "unixgram:///", "unixgram:@"};
}

}  // namespace hotline::cli
