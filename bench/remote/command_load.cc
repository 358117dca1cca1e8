// command_load: a client of remote commands on live connections, compared with posix_spawn(3) and
// waitpid(2) in the same process. bench/commands runs it.

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "../generator/clock.h"
#include "../generator/histogram.h"
#include "../spawn/bare.h"
#include "../trust/calling.h"
#include "hotline/hotline.h"
#include "need.h"

namespace bench {
namespace {

constexpr int kWarmups = 20;
// Enough for a session to send what it has, and far too few for a command to be started.
constexpr int kTurns = 4;
constexpr std::string_view kUsage =
    "usage: command_load latency COMMANDS KEYS ENDPOINT...   /bin/true, one after another\n"
    "       command_load burst COMMANDS KEYS ENDPOINT        all at once on one connection\n"
    "       command_load unread COMMANDS KEYS ENDPOINT       outputs without end that are not "
    "read\n"
    "       command_load stopped COMMANDS KEYS ENDPOINT      the same, and the client stops\n"
    "KEYS: the directory of the keys for tls://, or empty\n";

struct Options {
  std::string conduct;
  int commands = 0;
  std::string keys;
  std::vector<std::string> endpoints;
};

hotline::CommandClient open(const std::string& endpoint, const std::string& keys) {
  auto client = need(hotline::CommandClient::open(need(call_server(endpoint, keys))));
  if (const auto ready = client.session().wait_ready(); !ready) fail(ready.error().message());
  return client;
}

void run_bare() {
  const auto pid = start_bare();
  if (!pid || !is_successful(*pid)) fail("posix_spawn or its program failed");
}

void run_remote(hotline::CommandClient& client) {
  if (!need(client.run({kTrue})).is_success()) fail("the remote program failed");
}

template <typename Body>
void record(Histogram& times, Body body) {
  const Nanoseconds began = now();
  body();
  times.record(now() - began, 1);
}

std::string percentiles(const Histogram& times) {
  const auto us = [&](double fraction) {
    return std::to_string(static_cast<double>(times.percentile(fraction)) / 1e3);
  };
  return "{\"p50_us\": " + us(0.5) + ", \"p99_us\": " + us(0.99) + "}";
}

// One bare program and one at each endpoint in turn: what slows one down slows the others too.
void measure_latency(const Options& options) {
  std::vector<hotline::CommandClient> clients;
  for (const auto& each : options.endpoints) clients.push_back(open(each, options.keys));
  Histogram bare;
  std::vector<Histogram> remote(clients.size());
  for (int i = -kWarmups; i < options.commands; ++i) {
    if (i == 0) bare.clear(), remote.assign(clients.size(), {});
    record(bare, run_bare);
    for (std::size_t k = 0; k < clients.size(); ++k) {
      record(remote[k], [&] { run_remote(clients[k]); });
    }
  }
  std::printf("[%s", percentiles(bare).c_str());
  for (const auto& each : remote) std::printf(", %s", percentiles(each).c_str());
  std::puts("]");
}

double seconds_since(Nanoseconds began) { return static_cast<double>(now() - began) / kSecond; }

double burst_bare(int count) {
  std::vector<pid_t> started;
  const Nanoseconds began = now();
  for (int i = 0; i < count; ++i) {
    const auto pid = start_bare();
    if (!pid) fail("posix_spawn failed");
    started.push_back(*pid);
  }
  for (const pid_t each : started) {
    if (!is_successful(each)) fail("a bare program failed");
  }
  return seconds_since(began);
}

void measure_burst(const Options& options) {
  auto client = open(options.endpoints.front(), options.keys);
  run_remote(client);
  const double bare = burst_bare(options.commands);
  int failures = 0;
  hotline::TaskGroup commands;
  const Nanoseconds began = now();
  for (int i = 0; i < options.commands; ++i) {
    const auto spawned = commands.spawn("command", [&] {
      const auto done = client.run({kTrue});
      if (!done || !done->is_success()) ++failures;
    });
    if (!spawned) fail(spawned.error().message());
  }
  if (const auto joined = commands.join(); !joined) fail(joined.error().message());
  std::printf("{\"bare_s\": %.6f, \"remote_s\": %.6f, \"failures\": %d}\n", bare,
              seconds_since(began), failures);
}

// Until the process is killed. Once it has stopped, the server can send only what fits into the
// socket, and keeps the rest of what the client has granted.
void stall(const Options& options) {
  auto client = open(options.endpoints.front(), options.keys);
  std::vector<hotline::RunningCommand> running;
  for (int i = 0; i < options.commands; ++i) {
    const hotline::RemoteCommand command{.program =
                                             hotline::CommandWords{{"/bin/cat", "/dev/zero"}}};
    running.push_back(need(client.start(command)));
  }
  if (options.conduct == "unread") {
    for (auto& each : running) need(each.started());
  }
  for (int i = 0; i < kTurns; ++i) hotline::yield();
  std::puts("stalled");
  std::fflush(stdout);
  if (options.conduct == "stopped") std::raise(SIGSTOP);
  hotline::discard(hotline::sleep_for(std::chrono::hours(1)));
}

int run(const Options& options) {
  if (options.conduct == "latency")
    measure_latency(options);
  else if (options.conduct == "burst")
    measure_burst(options);
  else
    stall(options);
  return 0;
}

Options parse(int count, char** words) {
  Options options;
  if (count < 5) return options;
  const char* end = words[2] + std::strlen(words[2]);
  if (std::from_chars(words[2], end, options.commands).ptr != end || options.commands < 1) {
    return options;
  }
  const std::string_view conduct = words[1];
  for (const std::string_view each : {"latency", "burst", "unread", "stopped"}) {
    if (each == conduct) options.conduct = each;
  }
  options.keys = words[3];
  options.endpoints.assign(words + 4, words + count);
  return options;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
  const bench::Options options = bench::parse(count, words);
  if (options.conduct.empty()) {
    std::fputs(bench::kUsage.data(), stderr);
    return 2;
  }
  // On a fiber: the sessions then have fibers too, and no threads.
  int status = 1;
  hotline::TaskGroup group;
  if (!group.spawn("load", [&] { status = bench::run(options); }) || !group.join()) return 1;
  return status;
}
