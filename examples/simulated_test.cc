// Tests a handler of our own in a hundred simulated worlds with network faults. A failure names its
// seed: SEED=7 ./simulated_test repeats that run, step by step.
#include <cstdio>

#include "hotline/hotline.h"

void count(hotline::Stream& call) {  // The handler under test.
  std::size_t total = 0;
  while (const auto bytes = call.receive()) total += bytes->size();
  if (!call.ended_with(hotline::ErrorKind::closed)) return;
  hotline::discard(call.write_all(hotline::as_bytes(std::to_string(total))));
}

std::string ask(hotline::Result<hotline::Stream> call) {
  if (!call || !call->write_all(hotline::as_bytes(std::string(99'999, 'x')))) return "";
  std::string reply;
  if (!call->shut_down_writes()) return "";
  while (const auto bytes = call->receive()) reply += hotline::as_text(*bytes);
  return call->ended_with(hotline::ErrorKind::closed) ? reply : "";
}

std::string check(std::uint64_t seed) {
  auto faults = hotline::FaultPlan::of_seed(seed);
  faults.set(hotline::Fault::half_close,
             0);  // The caller could not distinguish it from its own end.
  hotline::sim::World world(seed, {.faults = faults});
  std::string reply;
  world.host("a").run([] { hotline::serve("tcp://:8000", count); });
  world.host("b").run([&] { reply = ask(hotline::connect("tcp://a:8000")); });
  const hotline::sim::Outcome outcome = world.run();
  return !outcome.holds() ? outcome.to_string() : reply.empty() || reply == "99999" ? "" : reply;
}

int main() {
  const auto failed = hotline::sim::find_failing_seed({.first = 1, .count = 100}, check);
  std::puts(failed ? failed->what.c_str() : "a hundred worlds, and it held in all of them");
  return failed ? 1 : 0;
}
