#include <array>
#include <csignal>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/shell_line_client.h"
#include "simulation/command_scenario.h"
#include "simulation/scripted_commands.h"

namespace simulation {
namespace {

using hotline::CommandWire;
using hotline::Concurrency;
using hotline::ShellLineClient;
using hotline::test::ScriptedLauncher;

constexpr std::array kWires = {CommandWire::plain, CommandWire::ready, CommandWire::i32};
constexpr std::size_t kCallers = 6;
constexpr std::size_t kCommands = 5;
constexpr hotline::Duration kTimeout = std::chrono::seconds(60);

/// The findings of all callers of one world.
struct Tally : Verdict {
  std::size_t asked = 0;
  std::size_t answered = 0;
};

std::string port_of(CommandWire wire) { return "800" + std::to_string(static_cast<int>(wire)); }

Concurrency concurrency_of(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::loops, 1},
                                    {Concurrency::Kind::threads, 8}};
  return kWords[seed % std::size(kWords)];
}

void run_server(std::uint64_t seed, ScriptedLauncher& launcher) {
  hotline::ServerOptions options;
  options.concurrency = concurrency_of(seed);
  options.signals = hotline::SignalUse::drain;
  options.limits.connections_per_peer_max = kCallers;
  const auto make = hotline::command_maker(launcher, {.is_exposed = true});
  const std::string max = "&max=" + std::to_string(kReplyMax);
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    bool is_added = server.add_made("unix:///run/command?wire=i32" + max, make).has_value();
    for (const CommandWire wire : kWires) {
      const std::string uri = "tcp://:" + port_of(wire) + "?wire=" + std::string(name_of(wire));
      is_added = is_added && server.add_made(uri + max, make);
    }
    if (is_added && server.bind() && server.run()) return;
  }
}

/// Returns true if the call can go on: after a complete reply, or none; a reply of `plain` is never
/// certain.
bool ask(ShellLineClient& client, const std::string& line, std::uint64_t seed, Tally& tally) {
  const std::string right = reply_to(line, seed);
  ++tally.asked;
  std::string all;
  auto ran = client.run(line, [&](hotline::Bytes piece) {
    all += hotline::as_text(piece);
    return true;
  });
  if (ran && client.wire() == CommandWire::ready) ran = client.finish();
  const bool is_beginning = std::string_view(right).starts_with(all);
  if (client.wire() == CommandWire::plain && !is_beginning) tally.blame("bytes of no reply");
  if (client.wire() != CommandWire::plain && ran && all != right) tally.blame("a wrong reply");
  const bool is_right = ran ? all == right : right.empty();
  if (is_right) ++tally.answered;
  return ran && client.wire() == CommandWire::i32;
}

void run_caller(const std::string& uri, CommandWire wire, std::size_t number, std::uint64_t seed,
                Tally& tally) {
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  // Some callers time out during a command.
  const bool is_patient = number % 5 != 4;
  const hotline::ShellLineClientOptions reading{
      .wire = wire,
      .timeout = is_patient ? kTimeout : hotline::Duration(std::chrono::milliseconds(700)),
      .linger = std::chrono::seconds(5)};
  std::size_t done = 0;
  while (done < kCommands) {
    auto stream = hotline::connect(uri, options);
    if (!stream) return;
    ShellLineClient client(std::move(*stream), reading);
    bool goes_on = true;
    while (goes_on && done < kCommands) {
      // One letter: a request that cannot be cut in two.
      const std::string line(1, static_cast<char>('a' + (number * kCommands + done++) % 26));
      goes_on = ask(client, line, seed, tally);
    }
  }
}

}  // namespace

Findings run_commands(std::uint64_t seed) {
  const auto options = options_of(seed);
  ScriptedLauncher launcher([seed](const std::string& line) { return script_of(line, seed); });
  Tally tally;
  {
    hotline::sim::World world(seed, options);
    world.host("server").run([&] { run_server(seed, launcher); });
    for (std::size_t i = 0; i < kCallers; ++i) {
      const bool is_local = i == 0;
      const CommandWire wire = is_local ? CommandWire::i32 : kWires[i % kWires.size()];
      const std::string uri = is_local ? "unix:///run/command" : "tcp://server:" + port_of(wire);
      hotline::sim::Host host = world.host(is_local ? "server" : "caller" + std::to_string(i % 2));
      host.run([&tally, uri, wire, i, seed] {
        if (!hotline::sleep_for(std::chrono::milliseconds(10 * (i + 1)))) return;
        run_caller(uri, wire, i, seed, tally);
      });
    }
    const hotline::sim::Outcome outcome = world.run();
    // The caller with a short timeout is answered only sometimes.
    if (is_quiet(options.faults) && tally.answered < (kCallers - 1) * kCommands) {
      tally.blame("only " + std::to_string(tally.answered) + " of " + std::to_string(tally.asked) +
                  " were answered in a quiet world");
    }
    if (launcher.running() != 0) tally.blame("a command was left running");
    return findings_of(outcome, std::move(tally.wrong));
  }
}

}  // namespace simulation
