#include <csignal>
#include <memory>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/upper.h"
#include "simulation/upper_scenario.h"

namespace simulation {
namespace {

constexpr std::size_t kCallers = 4;
constexpr hotline::Duration kLife = std::chrono::minutes(2);
constexpr hotline::Duration kTimeout = std::chrono::seconds(5);

struct Tally : Verdict {
  std::size_t exchanges = 0;
  std::size_t last_exchanges = 0;  ///< After the last death.
};

void run_server(std::uint64_t seed) {
  hotline::ServerOptions options;
  options.concurrency = {hotline::Concurrency::Kind::loops, 1};
  options.signals = hotline::SignalUse::drain;
  // With room for one call, others wait for it when the server dies.
  if (seed % 3 == 0) options.limits.connections_max = 1;
  // The killed server has left its path; a new one must replace it.
  for (int i = 0; i < 100; ++i) {
    hotline::Server server(options);
    const bool is_added = server.add("tcp://:8000", hotline::upper) &&
                          server.add("unix:///run/upper", hotline::upper);
    if (is_added && server.bind() && server.run()) return;
    if (!hotline::sleep_for(std::chrono::milliseconds(50))) return;
  }
}

/// One exchange; a reply must be right, whatever was killed in between.
bool exchange(hotline::Stream& call, std::size_t number, Tally& tally) {
  const std::string request = "exchange " + std::to_string(number);
  const std::string expected = "EXCHANGE " + std::to_string(number);
  if (!call.write_all(hotline::as_bytes(request))) return false;
  std::string reply(expected.size(), '\0');
  if (!call.read_exact(std::as_writable_bytes(std::span(reply)))) return false;
  if (reply != expected) tally.blame("a wrong reply after a death");
  ++tally.exchanges;
  return true;
}

/// Calls repeatedly until `ends`.
void run_caller(const std::string& uri, hotline::Instant ends, Tally& tally) {
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  options.stream.timeouts = {kTimeout, kTimeout, kTimeout};
  std::size_t number = 0;
  while (hotline::now() < ends) {
    auto call = hotline::connect(uri, options);
    while (call && hotline::now() < ends && exchange(*call, ++number, tally)) {
      if (!hotline::sleep_for(std::chrono::milliseconds(700))) return;
    }
    if (!hotline::sleep_for(std::chrono::milliseconds(300))) return;
  }
}

}  // namespace

Findings survive_deaths(std::uint64_t seed) {
  hotline::sim::WorldOptions options = options_of(seed);
  hotline::sim::World world(seed, options);
  Tally tally;
  hotline::sim::Host server = world.host("server");
  server.run([seed] { run_server(seed); });
  std::uint64_t deaths = 0;
  for (std::size_t i = 0; i < kCallers; ++i) {
    const std::string uri = i == 0 ? "unix:///run/upper" : "tcp://server:8000";
    hotline::sim::Host host = i == 0 ? server : world.host("caller" + std::to_string(i));
    const auto call = [&tally, uri] { run_caller(uri, hotline::now() + kLife, tally); };
    host.run(call);
    if (i == 0 || seed % (i + 2) != 0) continue;
    world.at(std::chrono::seconds(20 + 7 * i), [&, host, call]() mutable {
      host.kill();
      host.run(call);
      ++deaths;
    });
  }
  for (const int second : {15, 40, 65}) {
    world.at(std::chrono::seconds(second) + std::chrono::microseconds(seed % 9973), [&] {
      server.kill();
      server.run([seed] { run_server(seed); });
      server.run([&tally] { run_caller("unix:///run/upper", hotline::now() + kLife, tally); });
      tally.last_exchanges = tally.exchanges;
      ++deaths;
    });
  }
  hotline::sim::Outcome outcome = world.run();
  outcome.faults[hotline::Fault::process_death] += deaths;
  if (is_bearable(options.faults) && tally.exchanges == tally.last_exchanges) {
    tally.blame("no caller was answered after the last death");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
