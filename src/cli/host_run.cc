#include "cli/host_run.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "cli/remote_connection.h"
#include "cli/remote_run.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/net/connect.h"
#include "hotline/services/command_client.h"

namespace hotline::cli {
namespace {

/// Returns true if nothing that the command has written is missing.
bool has_whole_output(const CommandExit& exit) {
  switch (exit.kind) {
    case ExitKind::code:
    case ExitKind::signal:
    case ExitKind::timed_out:
    case ExitKind::cancelled: return !exit.is_truncated;
    default: return false;
  }
}

class HostRun {
 public:
  HostRun(const RunOptions& run, HostOutputs& outputs, HostResult& result)
      : run_(run), outputs_(outputs), result_(result) {}

  void run(CommandTarget target) {
    auto exit = run_to_end(std::move(target));
    const bool is_whole = exit && has_whole_output(*exit);
    finish(*outputs_.output, is_whole);
    finish(*outputs_.error, is_whole);
    // An output that was not kept is the reason for everything that came after it.
    if (failure_) {
      exit = fail(*failure_);
      stage_ = RunStage::keeping;
    }
    if (exit) {
      result_.outcome = outcome_of(*exit);
      result_.exit = std::move(*exit);
    } else {
      result_.outcome = outcome_of(exit.error(), stage_);
      result_.error = std::move(exit.error());
    }
  }

 private:
  Result<CommandExit> run_to_end(CommandTarget target) {
    RemoteCommand command = remote_command(target, run_);
    // One standard input cannot be read by many.
    command.input = CommandInput::none;
    const DeadlineScope scope(run_deadline(run_));
    const Duration patience = target.connecting.timeout;
    auto stream = connect(target.target, std::move(target.connecting));
    if (!stream) return fail(std::move(stream.error()));
    stage_ = RunStage::greeting;
    auto client = open_remote(std::move(*stream), patience);
    if (!client) return fail(std::move(client.error()));
    if (auto ready = wait_remote(*client, result_.host); !ready) return fail(ready.error());
    if (!open(*outputs_.output) || !open(*outputs_.error)) return fail(*failure_);
    stage_ = RunStage::starting;
    auto exit = follow(*client, command);
    if (exit) discard(client->finish());
    return exit;
  }

  Result<CommandExit> follow(CommandClient& client, const RemoteCommand& command) {
    auto running = client.start(command);
    if (!running) return fail(std::move(running.error()));
    const auto pass = [this](HostOutput& to) {
      return [this, &to](Bytes piece) { return keep(to.take(piece)); };
    };
    CommandSinks sinks;
    sinks.on_start = [this](const CommandStart&) { stage_ = RunStage::running; };
    sinks.on_output = pass(*outputs_.output);
    sinks.on_error = pass(*outputs_.error);
    auto exit = running->follow(sinks);
    result_.dropped_bytes = running->dropped_bytes();
    return exit;
  }

  bool open(HostOutput& output) {
    const bool is_open = keep(output.open());
    if (is_open) opened_.push_back(&output);
    return is_open;
  }

  void finish(HostOutput& output, bool is_whole) {
    if (std::ranges::count(opened_, &output) == 0) return;
    const bool is_complete = is_whole && !failure_;
    keep(output.finish(is_complete ? OutputEnd::complete : OutputEnd::partial));
  }

  /// Remembers the first failure. Returns true if there was none.
  bool keep(const Result<void>& done) {
    if (!done && !failure_) failure_ = done.error();
    return done.has_value();
  }

  const RunOptions& run_;
  HostOutputs& outputs_;
  HostResult& result_;
  RunStage stage_ = RunStage::connecting;
  std::vector<HostOutput*> opened_;
  std::optional<Error> failure_;  ///< The first one of an output.
};

}  // namespace

void run_at_host(CommandTarget target, const RunOptions& run, HostOutputs& outputs,
                 HostResult& result) {
  HostRun(run, outputs, result).run(std::move(target));
}

}  // namespace hotline::cli
