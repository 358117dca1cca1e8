#include <csignal>
#include <optional>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/shell_line_client.h"
#include "simulation/breaker.h"
#include "simulation/command_scenario.h"
#include "support/scripted_launcher.h"

namespace simulation {
namespace {

using hotline::CommandWire;
using hotline::ShellLineClient;
using hotline::test::ScriptedLauncher;

constexpr std::string_view kReply = "sixteen letters.";

void run_server(ScriptedLauncher& launcher, CommandWire wire) {
  hotline::ServerOptions options;
  options.concurrency = {hotline::Concurrency::Kind::loops, 1};
  options.signals = hotline::SignalUse::drain;
  hotline::Server server(options);
  const auto handler = hotline::command_handler(launcher, {.wire = wire, .is_exposed = true});
  if (server.add("tcp://:8000", handler)) static_cast<void>(server.run());
}

/// Two commands where the wire allows it; a reply that is complete must be right.
void converse(CommandWire wire, bool is_broken, Verdict& verdict) {
  auto stream = hotline::connect("tcp://breaker:7000");
  if (!stream) return;
  ShellLineClient client(std::move(*stream), {.wire = wire});
  for (int i = 0; i < (wire == CommandWire::i32 ? 2 : 1); ++i) {
    std::string all;
    auto ran = client.run("ls", [&](hotline::Bytes piece) {
      all += hotline::as_text(piece);
      return true;
    });
    if (ran && wire == CommandWire::ready) ran = client.finish();
    if (!kReply.starts_with(all)) verdict.blame("bytes of no reply");
    if (wire != CommandWire::plain && ran && all != kReply) verdict.blame("a reply that is cut");
    if (!is_broken && !ran) verdict.blame("no reply: " + ran.error().message());
    if (!ran) return;
  }
}

}  // namespace

Findings break_command(const BrokenCall& broken, bool& has_broken) {
  ScriptedLauncher launcher(
      [](const std::string&) { return hotline::test::saying(std::string(kReply)); });
  Verdict verdict;
  hotline::sim::World world(broken.bytes + 1);
  world.host("server").run([&] { run_server(launcher, broken.wire); });
  Breaker breaker({.direction = broken.direction, .bytes = broken.bytes});
  world.host("breaker").run([&] { breaker.run("tcp://:7000", "tcp://server:8000"); });
  world.host("caller").run([&] {
    if (!hotline::sleep_for(std::chrono::seconds(1))) return;
    converse(broken.wire, broken.bytes != SIZE_MAX, verdict);
  });
  const hotline::sim::Outcome outcome = world.run();
  has_broken = breaker.has_broken();
  if (launcher.running() != 0) verdict.blame("a command was left running");
  return findings_of(outcome, std::move(verdict.wrong));
}

}  // namespace simulation
