#include <csignal>
#include <memory>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/upper.h"
#include "simulation/upper_scenario.h"

namespace simulation {
namespace {

using hotline::Concurrency;
using hotline::ErrorKind;

constexpr std::size_t kCallers = 6;
constexpr std::size_t kRequests = 8;
constexpr hotline::Duration kTimeout = std::chrono::seconds(20);

/// The findings of all callers of one world.
struct Tally : Verdict {
  std::size_t succeeded = 0;
};

std::string request_of(std::size_t caller, std::size_t number, std::uint64_t seed) {
  const std::size_t size = 1 + (seed * 7919 + caller * 104729 + number * 1299709) % 9000;
  std::string text = "caller " + std::to_string(caller) + " request " + std::to_string(number);
  while (text.size() < size) text += static_cast<char>('a' + (text.size() * 31 + number) % 26);
  return text;
}

/// Reads the reply to `text`; a beginning of it, if the call breaks.
bool read_reply(hotline::Stream& call, const std::string& text, Tally& tally) {
  const std::string expected = upper_cased(text);
  std::size_t read = 0;
  while (read < expected.size()) {
    const hotline::Instant began = hotline::now();
    const auto bytes = call.receive();
    if (hotline::now() - began > kTimeout) tally.blame("a receive outlived its deadline");
    if (!bytes) return false;
    const std::string_view piece = hotline::as_text(*bytes);
    const std::string_view due = std::string_view(expected).substr(read, piece.size());
    if (piece != due) {
      tally.blame("a reply is wrong from byte " + std::to_string(read));
      return false;
    }
    read += piece.size();
  }
  return true;
}

/// Writes and reads at once, as a caller must that sends more than fits between the two.
bool exchange(hotline::Stream& call, const std::string& text, Tally& tally) {
  bool has_written = false;
  bool has_read = false;
  hotline::TaskGroup both;
  const auto spawned = both.spawn(
      "write", [&] { has_written = call.write_all(hotline::as_bytes(text)).has_value(); });
  if (!spawned) return false;
  has_read = read_reply(call, text, tally);
  if (!both.join()) return false;
  return has_written && has_read;
}

void run_caller(const std::string& uri, std::size_t caller, std::uint64_t seed, Tally& tally) {
  const hotline::Instant began = hotline::now();
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  options.stream.timeouts = {kTimeout, kTimeout, kTimeout};
  auto call = hotline::connect(uri, options);
  if (hotline::now() - began > kTimeout) tally.blame("connecting outlived its deadline");
  if (!call) return;
  for (std::size_t i = 0; i < kRequests; ++i) {
    if (!exchange(*call, request_of(caller, i, seed), tally)) {
      const bool has_ended = call->end_reason().has_value();
      if (!has_ended && tally.wrong.empty()) tally.blame("a call broke without an end");
      return;
    }
  }
  ++tally.succeeded;
}

Concurrency concurrency_of(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::loops, 1},
                                    {Concurrency::Kind::threads, 3},
                                    {Concurrency::Kind::serial, {}}};
  return kWords[seed % std::size(kWords)];
}

std::optional<std::size_t> connections_max_of(std::uint64_t seed) {
  if (seed % 7 == 0) return 2;
  return std::nullopt;
}

/// Returns true if no caller has to wait for others longer than the deadlines allow.
bool is_fair(std::uint64_t seed, const hotline::FaultPlan& plan) {
  const bool is_wide =
      concurrency_of(seed).kind == Concurrency::Kind::loops && !connections_max_of(seed);
  return is_quiet(plan) || (is_bearable(plan) && is_wide);
}

void run_server(std::uint64_t seed, Tally& tally) {
  hotline::ServerOptions options;
  options.concurrency = concurrency_of(seed);
  options.signals = hotline::SignalUse::drain;
  options.timeouts.idle = std::chrono::minutes(2);
  options.limits.connections_max = connections_max_of(seed);
  options.limits.connections_per_peer_max = kCallers;
  const hotline::Handler upper = hotline::upper;
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    const bool is_added =
        server.add("tcp://:8000", upper) && server.add("unix:///run/upper", upper);
    if (!is_added || !server.bind()) continue;
    const auto report = server.run();
    if (!report) continue;
    if (report->cut > 0) tally.blame("a drain with nothing to do cut a call");
    return;
  }
}

}  // namespace

Findings call_upper(std::uint64_t seed) {
  const auto options = options_of(seed);
  hotline::sim::World world(seed, options);
  Tally tally;
  world.host("server").run([&] { run_server(seed, tally); });
  for (std::size_t i = 0; i < kCallers; ++i) {
    const bool is_local = i == 0;
    const std::string uri = is_local ? "unix:///run/upper" : "tcp://server:8000";
    hotline::sim::Host host = world.host(is_local ? "server" : "caller" + std::to_string(i % 3));
    host.run([&tally, uri, i, seed] {
      if (!hotline::sleep_for(std::chrono::milliseconds(10 * (i + 1)))) return;
      run_caller(uri, i, seed, tally);
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  if (is_fair(seed, options.faults) && tally.succeeded != kCallers) {
    tally.blame("only " + std::to_string(tally.succeeded) + " calls succeeded in a fair world");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
