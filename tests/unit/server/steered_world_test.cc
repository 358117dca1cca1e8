#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/server/server.h"
#include "hotline/sim/world.h"

// A server in a world whose handler is steered by source.

namespace hotline::server::steered_world_test {
namespace {

using sim::Host;
using sim::Outcome;
using sim::World;
using std::chrono::seconds;

/// Answers each datagram with the number of this call of the handler.
Handler numbered(int& calls) {
  return Handler([&calls](DatagramSocket& socket) {
    const std::string number = std::to_string(++calls);
    for (;;) {
      const auto datagram = socket.receive();
      const bool is_over = !datagram && datagram.error().kind != ErrorKind::resource_exhausted;
      if (is_over) return;
      if (datagram) static_cast<void>(socket.send({as_bytes(number), datagram->route}));
    }
  });
}

void serve(Handler handler, const char* word) {
  ServerOptions options;
  options.concurrency = Concurrency::parse(word).value();
  options.signals = SignalUse::drain;
  Server server(std::move(options));
  REQUIRE(server.add("udp://:8000", std::move(handler)));
  REQUIRE(server.run());
}

/// Asks from `ports` ports. Returns the calls of the handler that have answered.
std::set<std::string> ask(int ports) {
  std::set<std::string> answered;
  CHECK(sleep_for(seconds(1)));
  for (int i = 0; i < ports; ++i) {
    auto client = connect_datagrams("udp://server:8000");
    if (!client || !client->send({as_bytes("x")})) continue;
    if (const auto reply = client->receive(deadline_after(seconds(5)))) {
      answered.insert(std::string(as_text(reply->bytes)));
    }
  }
  return answered;
}

/// Returns which calls each of some hosts has reached.
std::map<std::string, std::set<std::string>> run(std::uint64_t seed, const char* word,
                                                 bool is_steered, FaultPlan faults = {}) {
  World world(seed, {.faults = faults});
  int calls = 0;
  std::map<std::string, std::set<std::string>> answered;
  Host server = world.host("server");
  server.run([&] {
    Handler handler = numbered(calls);
    if (is_steered) handler.steer_by_source();
    serve(std::move(handler), word);
  });
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    world.host(name).run([&answered, name] { answered[name] = ask(6); });
  }
  world.at(seconds(300), [&] { server.signal(SIGTERM); });
  const Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  return answered;
}

}  // namespace

TEST_CASE("in a world, all datagrams of one host reach the same call of the handler") {
  for (const char* word : {"loops:3", "threads:8", "serial"}) {
    CAPTURE(word);
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CAPTURE(seed);
      std::set<std::string> used;
      for (const auto& [host, calls] : run(seed, word, true)) {
        CAPTURE(host);
        CHECK(calls.size() == 1);
        used.insert(calls.begin(), calls.end());
      }
      CHECK((used.size() > 1) == (std::string(word) != "serial"));
    }
  }
}

TEST_CASE("that holds although datagrams are lost, duplicated, delayed and reordered") {
  FaultPlan faults;
  for (const Fault each : {Fault::datagram_loss, Fault::datagram_duplication,
                           Fault::datagram_reordering, Fault::delay, Fault::no_memory}) {
    faults.set(each, 50'000);
  }
  faults.set(Fault::no_memory, 1'000);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    for (const auto& [host, calls] : run(seed, "loops:3", true, faults)) {
      CAPTURE(host);
      CHECK(calls.size() <= 1);
    }
  }
}

TEST_CASE("without the request, one host reaches several calls") {
  std::size_t most = 0;
  for (const auto& [host, calls] : run(1, "loops:3", false)) most = std::max(most, calls.size());
  CHECK(most > 1);
}

}  // namespace hotline::server::steered_world_test
