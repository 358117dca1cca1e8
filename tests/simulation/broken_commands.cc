#include <csignal>
#include <optional>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "hotline/server/server.h"
#include "hotline/services/shell_line_client.h"
#include "simulation/command_scenario.h"
#include "support/scripted_launcher.h"

namespace simulation {
namespace {

using hotline::CommandWire;
using hotline::ShellLineClient;
using hotline::Stream;
using hotline::test::ScriptedLauncher;

constexpr std::string_view kReply = "sixteen letters.";

/// Forwards bytes between the two, and resets both after a number of bytes in one direction.
class Breaker {
 public:
  Breaker(const BrokenCall& broken, bool& has_broken) : broken_(broken), has_broken_(has_broken) {}

  void run() {
    auto listener = hotline::listen("tcp://:7000");
    if (!listener) return;
    auto caller = listener->accept();
    auto server = hotline::connect("tcp://server:8000");
    if (!caller || !server) return;
    hotline::TaskGroup group;
    const auto pass = [&](Stream& from, Stream& to, Direction direction) {
      return group.spawn("pass", [this, &from, &to, direction, &caller, &server] {
        if (pass_on(from, to, direction)) return;
        has_broken_ = true;
        caller->abort();
        server->abort();
      });
    };
    if (!pass(*caller, *server, Direction::request)) return;
    if (!pass(*server, *caller, Direction::reply)) return;
    static_cast<void>(group.join());
  }

 private:
  /// Returns false if the connection is to be broken here.
  bool pass_on(Stream& from, Stream& to, Direction direction) {
    std::size_t left = direction == broken_.direction ? broken_.bytes : SIZE_MAX;
    if (left == 0) return false;
    while (const auto bytes = from.receive()) {
      const auto piece = bytes->first(std::min(bytes->size(), left));
      if (!to.write_all(piece)) return true;
      left -= piece.size();
      // What was forwarded may arrive before the reset or not; both cases occur.
      if (left == 0) return !hotline::sleep_for(std::chrono::milliseconds(7)).has_value();
    }
    if (to.is_open()) static_cast<void>(to.shut_down_writes());
    return true;
  }

  const BrokenCall& broken_;
  bool& has_broken_;
};

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
  has_broken = false;
  hotline::sim::World world(broken.bytes + 1);
  world.host("server").run([&] { run_server(launcher, broken.wire); });
  world.host("breaker").run([&] { Breaker(broken, has_broken).run(); });
  world.host("caller").run([&] {
    if (!hotline::sleep_for(std::chrono::seconds(1))) return;
    converse(broken.wire, broken.bytes != SIZE_MAX, verdict);
  });
  const hotline::sim::Outcome outcome = world.run();
  if (launcher.running() != 0) verdict.blame("a command was left running");
  return findings_of(outcome, std::move(verdict.wrong));
}

}  // namespace simulation
