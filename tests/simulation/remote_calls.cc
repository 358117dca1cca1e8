#include <array>
#include <map>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/services/remote_commands.h"
#include "simulation/followed_command.h"
#include "simulation/remote_scenario.h"
#include "simulation/scripted_commands.h"

namespace simulation {
namespace {

using hotline::CommandClient;
using hotline::CommandExit;
using hotline::CommandInput;
using hotline::Concurrency;
using hotline::ExitKind;
using hotline::OutputStream;
using hotline::RemoteCommand;
using hotline::Result;
using hotline::test::Script;
using hotline::test::ScriptedLauncher;

constexpr hotline::Duration kTimeout = std::chrono::seconds(60);
constexpr hotline::Duration kKeep = std::chrono::minutes(3);
constexpr std::size_t kAttempts = 20;

/// What a caller does with its commands.
enum class Conduct : std::uint8_t {
  collects,  ///< Runs them, and reads all.
  feeds,     ///< The same with input.
  keeps,     ///< Keeps them, and goes on when the connection breaks.
  breaks,    ///< The same, and breaks its connections off itself.
  limits,    ///< Gives them less time than some need.
  cancels,   ///< Cancels them when they have written something.
  ignores,   ///< Never reads.
  detaches,  ///< Starts them without a client, and attaches later.
};
constexpr std::size_t kConducts = 8;
constexpr std::size_t kCommands = 3;

/// The findings of all callers of one world.
struct Tally : Verdict {
  void note_launch(const std::string& line) {
    const auto known = launched.find(line);
    // A key is forgotten with its job.
    const bool is_known = known != launched.end() && hotline::now() - known->second < kKeep;
    if (is_known) blame(line + " was run twice");
    launched[line] = hotline::now();
  }

  std::map<std::string, hotline::Instant> launched;  ///< When each line was run last.
  std::size_t proven = 0;
  std::string without_result;  ///< Lines.
};

/// Returns what a line does. What it gets as input, if any, it writes to its output.
Script script_of_line(const std::string& line, std::uint64_t seed) {
  Script script = script_of(line, seed);
  script.echoes_input = line.starts_with("echo");
  return script;
}

bool is_started(const Script& script) { return !script.refusal && !script.loss; }

void run_server(std::uint64_t seed, ScriptedLauncher& launcher) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::loops, 1},
                                    {Concurrency::Kind::threads, 64}};
  hotline::ServerOptions options;
  options.concurrency = kWords[seed % std::size(kWords)];
  options.signals = hotline::SignalUse::drain;
  // One service: a server that begins again still knows its jobs.
  const hotline::Handler handler(hotline::remote_commands(launcher, {}));
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    if (server.add("tcp://:8000", handler) && server.bind() && server.run()) return;
  }
}

std::optional<CommandClient> connect() {
  auto stream = hotline::connect("tcp://server:8000", {.timeout = kTimeout});
  if (!stream) return std::nullopt;
  auto client = CommandClient::open(std::move(*stream));
  return client ? std::optional(std::move(*client)) : std::nullopt;
}

/// One caller, which runs commands one after the other.
class Caller {
 public:
  Caller(Conduct conduct, std::uint64_t seed, Tally& tally)
      : conduct_(conduct), seed_(seed), tally_(tally) {}

  void run() {
    for (std::size_t i = 0; i < kCommands; ++i) {
      line_ = (conduct_ == Conduct::feeds || conduct_ == Conduct::keeps ? "echo " : "say ") +
              std::to_string(static_cast<int>(conduct_)) + std::to_string(i);
      script_ = script_of_line(line_, seed_);
      const std::size_t before = tally_.proven;
      run_one();
      if (tally_.proven == before) tally_.without_result += " " + line_;
    }
  }

 private:
  void run_one() {
    if (conduct_ == Conduct::ignores) return ignore();
    if (conduct_ == Conduct::cancels) return cancel();
    if (conduct_ == Conduct::detaches) return detach();
    follow();
  }

  RemoteCommand command() const {
    RemoteCommand command{.program = hotline::ShellLine{line_}};
    if (conduct_ == Conduct::limits) command.timeout = std::chrono::milliseconds(700);
    if (script_.echoes_input) command.input = CommandInput::stream;
    if (conduct_ == Conduct::keeps || conduct_ == Conduct::breaks) command.keep = kKeep;
    return command;
  }

  void follow() {
    const RemoteCommand asked = command();
    FollowedCommand followed(asked, script_.echoes_input ? input() : std::string(),
                             asked.keep ? kAttempts : 1);
    if (conduct_ == Conduct::breaks) followed.break_off_at(1 + seed_ % 3000);
    const auto end = followed.run(connect);
    judge(end, followed.output(), followed.error());
  }

  void ignore() {
    auto client = connect();
    if (!client) return;
    const auto running = client->start(command(), hotline::deadline_after(kTimeout));
    static_cast<void>(hotline::sleep_for(std::chrono::seconds(20)));
    ++tally_.proven;
  }

  void cancel() {
    auto client = connect();
    if (!client) return;
    auto running = client->start(command(), hotline::deadline_after(kTimeout));
    if (!running) return;
    std::string output;
    std::string error;
    bool is_cancelled = false;
    for (;;) {
      const auto event = running->next();
      if (!event || event->kind == hotline::CommandEvent::Kind::ended) break;
      const bool is_output = event->kind == hotline::CommandEvent::Kind::output;
      (is_output ? output : error) += hotline::as_text(event->bytes);
      if (!std::exchange(is_cancelled, true)) static_cast<void>(running->cancel());
    }
    judge(running->result(), output, error);
  }

  void detach() {
    auto job = start_detached();
    if (!job) return;
    std::string output;
    std::string error;
    Result<CommandExit> end = CommandExit{};
    for (std::size_t attempt = 0; attempt < kAttempts; ++attempt) {
      auto client = connect();
      if (!client) continue;
      output.clear();
      error.clear();
      auto running = client->attach(*job, hotline::deadline_after(kTimeout));
      if (!running) continue;
      end = running->follow({.on_output = into(output), .on_error = into(error)});
      if (end || !running->can_resume()) break;
    }
    judge(end, output, error);
  }

  /// Asks again with the same key until there is an answer.
  std::optional<hotline::JobId> start_detached() {
    RemoteCommand detached = command();
    detached.is_detached = true;
    detached.keep = kKeep;
    detached.key.emplace().fill(static_cast<std::byte>(line_.back()));
    for (std::size_t attempt = 0; attempt < kAttempts; ++attempt) {
      auto client = connect();
      if (!client) continue;
      auto running = client->start(detached, hotline::deadline_after(kTimeout));
      if (!running) continue;
      const auto started = running->started(hotline::deadline_after(kTimeout));
      if (started) return started->job;
      // Refused: the script cannot be started.
      if (running->result() || !running->can_resume()) break;
    }
    if (is_started(script_)) return std::nullopt;
    ++tally_.proven;
    return std::nullopt;
  }

  static hotline::CommandSinks::Sink into(std::string& text) {
    return [&text](hotline::Bytes piece) {
      text += hotline::as_text(piece);
      return true;
    };
  }

  std::string input() const { return std::string(seed_ % 7 == 0 ? 150'000 : 300, 'i'); }

  /// Compares what a client believes with what the command has done.
  void judge(const Result<CommandExit>& end, const std::string& output, const std::string& error) {
    const std::string right = said_on(script_, OutputStream::standard_output) +
                              (script_.echoes_input ? input() : std::string());
    const std::string complaint = said_on(script_, OutputStream::standard_error);
    if (!right.starts_with(output)) tally_.blame(line_ + ": bytes that it has not written");
    if (!complaint.starts_with(error)) tally_.blame(line_ + ": bytes of no complaint");
    if (!end) {
      // A command that cannot be started is an error too.
      if (script_.refusal) ++tally_.proven;
      return;
    }
    ++tally_.proven;
    if (end->kind == ExitKind::code) {
      if (!is_started(script_)) tally_.blame(line_ + ": a status of a command that has none");
      if (output != right || error != complaint) tally_.blame(line_ + ": a truncated result");
      if (end->value != script_.end.exit_status) tally_.blame(line_ + ": a wrong status");
      return;
    }
    const bool is_possible = (end->kind == ExitKind::could_not_start && script_.refusal) ||
                             (end->kind == ExitKind::timed_out && conduct_ == Conduct::limits) ||
                             (end->kind == ExitKind::cancelled && conduct_ == Conduct::cancels) ||
                             end->kind == ExitKind::lost || end->kind == ExitKind::server_ended ||
                             // A job that had no client for too long.
                             (end->kind == ExitKind::cancelled &&
                              (conduct_ == Conduct::detaches || command().keep.has_value()));
    if (!is_possible) tally_.blame(line_ + ": " + std::string(name_of(end->kind)));
  }

  const Conduct conduct_;
  const std::uint64_t seed_;
  Tally& tally_;
  std::string line_{};
  Script script_{};
};

}  // namespace

Findings run_remote_commands(std::uint64_t seed) {
  const auto options = options_of(seed);
  Tally tally;
  ScriptedLauncher launcher([&](const std::string& line) {
    Script script = script_of_line(line, seed);
    if (!script.refusal) tally.note_launch(line);
    return script;
  });
  hotline::sim::World world(seed, options);
  world.host("server").run([&] { run_server(seed, launcher); });
  for (std::size_t i = 0; i < kConducts; ++i) {
    world.host("caller" + std::to_string(i % 2)).run([&, i] {
      if (!hotline::sleep_for(std::chrono::milliseconds(10 * (i + 1)))) return;
      Caller(static_cast<Conduct>(i), seed, tally).run();
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  if (is_quiet(options.faults) && !tally.without_result.empty()) {
    tally.blame("no result in a quiet world:" + tally.without_result);
  }
  if (launcher.running() != 0) tally.blame("a command was left running");
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
