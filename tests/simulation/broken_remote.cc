#include <string>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/remote_commands.h"
#include "simulation/followed_command.h"
#include "simulation/remote_scenario.h"
#include "support/scripted_launcher.h"

namespace simulation {
namespace {

using hotline::CommandClient;
using hotline::test::Script;
using hotline::test::ScriptedLauncher;

constexpr std::string_view kSaid = "sixteen letters.";
constexpr std::string_view kComplaint = "a complaint";
constexpr std::string_view kInput = "some input";

void run_server(ScriptedLauncher& launcher) {
  hotline::ServerOptions options;
  options.concurrency = {hotline::Concurrency::Kind::loops, 1};
  options.signals = hotline::SignalUse::drain;
  hotline::Server server(options);
  if (server.add("tcp://:8000", hotline::remote_commands(launcher, {}))) {
    static_cast<void>(server.run());
  }
}

Script script() {
  Script script = hotline::test::saying(std::string(kSaid), std::string(kComplaint));
  script.echoes_input = true;
  script.end.exit_status = 3;
  return script;
}

/// The first connection leads through the breaker, the others straight to the server.
void converse(Remedy remedy, bool is_broken, Verdict& verdict) {
  hotline::RemoteCommand command{.program = hotline::ShellLine{"line"}};
  command.input = hotline::CommandInput::stream;
  if (remedy == Remedy::resume) command.keep = std::chrono::seconds(100);
  FollowedCommand followed(command, std::string(kInput), remedy == Remedy::resume ? 5 : 1);
  std::string uri = "tcp://breaker:7000";
  const auto end = followed.run([&]() -> std::optional<CommandClient> {
    auto stream = hotline::connect(std::exchange(uri, "tcp://server:8000"));
    if (!stream) return std::nullopt;
    auto client = CommandClient::open(std::move(*stream));
    return client ? std::optional(std::move(*client)) : std::nullopt;
  });
  const std::string right = std::string(kSaid) + std::string(kInput);
  if (!right.starts_with(followed.output())) verdict.blame("bytes of no output");
  if (!kComplaint.starts_with(followed.error())) verdict.blame("bytes of no complaint");
  const bool must_succeed = !is_broken || remedy == Remedy::resume;
  if (!end && must_succeed) verdict.blame("no result: " + end.error().message());
  if (!end) return;
  const bool is_whole = followed.output() == right && followed.error() == kComplaint;
  if (!is_whole || end->status() != 3) verdict.blame("a result that is not the command's");
}

}  // namespace

Findings break_remote_command(const Break& wanted, Remedy remedy, bool& has_broken) {
  ScriptedLauncher launcher([](const std::string&) { return script(); });
  Verdict verdict;
  Breaker breaker(wanted);
  hotline::sim::World world(wanted.bytes + 1);
  world.host("server").run([&] { run_server(launcher); });
  world.host("breaker").run([&] { breaker.run("tcp://:7000", "tcp://server:8000"); });
  world.host("caller").run([&] {
    if (!hotline::sleep_for(std::chrono::seconds(1))) return;
    converse(remedy, wanted.bytes != SIZE_MAX, verdict);
  });
  const hotline::sim::Outcome outcome = world.run();
  has_broken = breaker.has_broken();
  if (launcher.running() != 0) verdict.blame("a command was left running");
  if (launcher.launched() > 1) verdict.blame("the command ran twice");
  if (remedy == Remedy::resume && launcher.dealings().input != kInput) {
    verdict.blame("the command got other input: " + launcher.dealings().input);
  }
  return findings_of(outcome, std::move(verdict.wrong));
}

}  // namespace simulation
