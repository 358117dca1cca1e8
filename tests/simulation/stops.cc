#include <random>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/upper.h"
#include "simulation/upper_scenario.h"

namespace simulation {
namespace {

using hotline::Concurrency;
using hotline::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kCallers = 4;
constexpr int kRequests = 12;
constexpr int kStops = 8;

// A caller waits for less than that before it sends again, including the trip over the network.
constexpr Duration kIdle = seconds(10);
constexpr Duration kPauseMax = milliseconds(9'900);

Concurrency concurrency_of(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 1},
                                    {Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::threads, 8}};
  return kWords[seed % std::size(kWords)];
}

void run_server(std::uint64_t seed, Verdict& verdict) {
  hotline::ServerOptions options;
  options.concurrency = concurrency_of(seed);
  options.signals = hotline::SignalUse::drain;
  options.timeouts.first_byte = kIdle;
  options.timeouts.idle = kIdle;
  hotline::Server server(options);
  const bool is_added = server.add("tcp://:8000", hotline::Handler(hotline::upper)) &&
                        server.add("tcp://:8001?framing=lines", hotline::UpperMessages());
  if (!is_added || !server.bind() || !server.run()) verdict.blame("the server did not run");
}

std::string ask(hotline::Stream& call, const std::string& text) {
  if (!call.write_all(hotline::as_bytes(text))) return "(not written)";
  std::string reply;
  while (reply.size() < text.size()) {
    const auto bytes = call.receive();
    if (!bytes) return reply + "(" + bytes.error().message() + ")";
    reply += hotline::as_text(*bytes);
  }
  return reply;
}

/// In every other world waits for events end early; in the rest the server is stopped.
bool has_early_wakes(std::uint64_t seed) { return seed % 2 == 0; }

void run_caller(const std::string& uri, std::uint64_t seed, std::size_t number, Verdict& verdict) {
  hotline::ConnectOptions options;
  options.stream.timeouts = {hotline::kNoTimeout, hotline::kNoTimeout, hotline::kNoTimeout};
  // The earliest time since which the server may have been waiting for this caller.
  hotline::Instant since = hotline::now();
  auto call = hotline::connect(uri, options);
  if (!call) return verdict.blame("no call: " + call.error().message());
  std::mt19937_64 random(seed * kCallers + number);
  for (int i = 0; i < kRequests; ++i) {
    const Duration left = since + kPauseMax - hotline::now();
    // A caller that receives late cannot know whether it sends in time.
    if (left <= Duration(0)) return;
    const auto lot = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(left.count()));
    if (i > 0 && !hotline::sleep_for(Duration(lot))) return;
    const std::string text = "request " + std::to_string(i) + "\n";
    since = hotline::now();
    const std::string reply = ask(*call, text);
    if (reply != upper_cased(text)) return verdict.blame(text + "was answered by: " + reply);
    if (!has_early_wakes(seed)) since = hotline::now();
  }
}

}  // namespace

Findings survive_stops(std::uint64_t seed) {
  auto options = options_of(seed);
  options.faults = hotline::FaultPlan();
  if (has_early_wakes(seed)) options.faults.set(hotline::Fault::early_wake, 300'000);
  hotline::sim::World world(seed, options);
  Verdict verdict;
  hotline::sim::Host server = world.host("server");
  server.run([&] { run_server(seed, verdict); });
  for (std::size_t i = 0; i < kCallers; ++i) {
    const std::string uri = i % 2 == 0 ? "tcp://server:8000" : "tcp://server:8001";
    world.host("caller" + std::to_string(i)).run([&verdict, uri, i, seed] {
      if (!hotline::sleep_for(milliseconds(10))) return;
      run_caller(uri, seed, i, verdict);
    });
  }
  const int stops = has_early_wakes(seed) ? 0 : kStops;
  std::mt19937_64 random(seed);
  Duration when = seconds(1);
  for (int i = 0; i < stops; ++i) {
    const auto length = milliseconds(random() % 20'000);
    world.at(when, [server, length]() mutable { server.stop(length); });
    when += length + milliseconds(random() % 5'000);
  }
  auto outcome = world.run();
  outcome.faults[hotline::Fault::process_stop] += static_cast<std::uint64_t>(stops);
  return findings_of(outcome, std::move(verdict.wrong));
}

}  // namespace simulation
