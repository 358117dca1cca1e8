// A server that serves only callers that know a secret: it sends 32 random bytes, and the caller
// answers their HMAC-MD5. A caller with another answer sees the server hang up. Everybody can still
// read what is sent, see docs/trust.md.
//
//   authenticated_server SECRET-FILE [SCHEME]        then run authenticated_client
#include <iostream>
#include <string>

#include "hotline/hotline.h"

void upper(hotline::Stream& call, const hotline::CallInfo& info) {
  std::cout << "a caller is known by " + info.identity()->name + '\n' << std::flush;
  while (auto bytes = call.receive()) {
    if (!call.write_all(hotline::to_upper(*bytes))) return;
  }
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: authenticated_server SECRET-FILE [SCHEME] [ENDPOINT]\n";
    return 2;
  }
  const std::string scheme = argc > 2 ? argv[2] : "hmac-md5";
  const std::string endpoint = argc > 3 ? argv[3] : "tcp://127.0.0.1:8000";
  return hotline::serve(endpoint + "?auth=" + scheme + "&secret-file=" + argv[1], upper);
}
