// The caller: on a UNIX socket the kernel reports the caller's process and user, and no caller can
// lie.
//
//   peer_credentials [ENDPOINT]          default unix:@hotline-who; then: nc -U @hotline-who, or
//                                        socat - ABSTRACT-CONNECT:hotline-who
#include <string>

#include "hotline/hotline.h"

void tell(hotline::Stream& call) {
  std::string answer;
  if (auto who = call.peer_credentials()) {
    answer = "you are process " + std::to_string(who->pid) + " of user " +
             std::to_string(who->uid) + " and group " + std::to_string(who->gid) + '\n';
  } else {
    answer = who.error().message() + '\n';  // TCP has no such credentials.
  }
  hotline::discard(call.write_all(hotline::as_bytes(answer)));
}

int main(int argc, char** argv) {
  return hotline::serve(argc > 1 ? argv[1] : "unix:@hotline-who", tell);
}
