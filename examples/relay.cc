// A relay: passes each call on to another server, with its half-closes, resets and drains.
//
//   relay ENDPOINT [LISTEN]         default LISTEN tcp://127.0.0.1:8000
#include <cstdio>

#include "hotline/hotline.h"

using namespace hotline;

// Passes bytes on until an end. Returns true if that was in order; the end is then passed on too.
bool pass_on(Stream& from, Stream& to) {
  for (;;) {
    const auto bytes = from.receive();
    if (!bytes) return bytes.error().kind == ErrorKind::closed && to.shut_down_writes();
    if (!to.write_all(*bytes)) return false;
  }
}

void relay(Stream& caller, const Endpoint& server) {
  auto call = connect(server);
  if (!call) return caller.abort();
  // A drain must not end a receive here: it would look like the end of a peer that has not ended.
  const DrainHold hold;
  const auto pass_both_ways = [&] {
    TaskGroup ways;
    bool is_whole = true;
    const auto pass = [&](Stream& from, Stream& to) {
      if (!pass_on(from, to)) is_whole = false, ways.cancel();
    };
    is_whole &= ways.spawn("there", [&] { pass(caller, *call); }).has_value();
    is_whole &= ways.spawn("back", [&] { pass(*call, caller); }).has_value();
    return ways.join() && is_whole;
  };
  if (!pass_both_ways()) caller.abort(), call->abort();
}

int main(int argc, char** argv) {
  const auto server = Endpoint::parse(argc > 1 ? argv[1] : "");
  if (!server) return std::fputs("usage: relay ENDPOINT [LISTEN]\n", stderr), 2;
  ServerOptions options{.signals = SignalUse::drain};
  options.limits.connections_max = 400;  // Each call needs two descriptors.
  return serve(
      argc > 2 ? argv[2] : "tcp://127.0.0.1:8000", [&](Stream& caller) { relay(caller, *server); },
      options);
}
