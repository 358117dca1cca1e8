#include "cli/remote_fan_out.h"

#include <algorithm>
#include <utility>

#include "cli/command_connection.h"
#include "cli/fan_out.h"
#include "cli/folded_results.h"
#include "cli/host_result.h"
#include "cli/prefixed_lines.h"
#include "cli/remote_output.h"
#include "cli/remote_result.h"
#include "cli/remote_run.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/terminal_filter.h"
#include "cli/until_signal.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/mutex.h"
#include "hotline/engine/offload.h"
#include "hotline/net/connect.h"
#include "hotline/services/command_client.h"

namespace hotline::cli {
namespace {

/// The most that is kept of the output of one endpoint until the end.
constexpr std::size_t kCollectedOfOneMax = std::size_t{16} << 20;

/// Both outputs of one endpoint on their way to ours.
struct ShownOutput {
  ShownOutput(const std::string& host, FilteredColours colours)
      : filters{TerminalFilter(colours), TerminalFilter(colours)},
        lines{PrefixedLines(host), PrefixedLines(host)} {}

  TerminalFilter filters[2];
  PrefixedLines lines[2];
};

/// The runs at all endpoints.
class FanOutRun {
 public:
  FanOutRun(const RunOptions& run, const CommonOptions& common) : run_(run), common_(common) {}

  ExitStatus run() {
    if (auto parsed = parse_targets(); !parsed) {
      return report_error(parsed.error(), ExitStatus::usage, common_.output);
    }
    const auto signal = run_until_signal([this] {
      discard(fan_out(targets_.size(), run_.hosts_at_once, [this](std::size_t i) { run_at(i); }));
    });
    if (!signal) return report_run_failure(signal.error(), common_.output);
    if (failure_ == 0 && run_.outputs == ManyOutputs::folded && !is_json()) print_folded();
    if (failure_ != 0) {
      return report_output_failure(failure_, common_.output, ExitStatus::no_reply);
    }
    report_note(summary_of(results_), common_.output);
    return status_of(results_);
  }

 private:
  bool is_json() const { return common_.output == OutputForm::json; }
  bool is_live() const { return run_.outputs == ManyOutputs::live && !is_json(); }

  /// Before anything runs, so that a mistake in one line runs nothing anywhere.
  Result<void> parse_targets() {
    for (const std::string& host : run_.hosts) {
      auto target = CommandTarget::parse(host, common_.home, run_.connect_timeout);
      if (!target) return fail(std::move(target.error()));
      if (target->command.wire != CommandWire::hotline) {
        return fail(usage_error("--on needs the wire 'hotline', and " + host + " has another",
                                "leave out wire=, or call it without --on"));
      }
      auto checked = remote_command(*target, run_).check();
      if (!checked) return checked;
      targets_.push_back(std::move(*target));
      results_.push_back({.host = host});
    }
    return {};
  }

  void run_at(std::size_t index) {
    HostResult& result = results_[index];
    RunStage stage = RunStage::connecting;
    const auto exit = run_command(index, stage);
    if (exit) {
      result.exit = *exit;
      result.outcome = outcome_of(*exit);
    } else {
      result.error = exit.error();
      result.outcome = outcome_of(exit.error(), stage);
    }
    show_end(result, index);
  }

  Result<CommandExit> run_command(std::size_t index, RunStage& stage) {
    CommandTarget& target = targets_[index];
    RemoteCommand command = remote_command(target, run_);
    // One standard input cannot be read by many.
    command.input = CommandInput::none;
    const DeadlineScope scope(run_deadline(run_));
    auto stream = connect(target.target, std::move(target.connecting));
    if (!stream) return fail(std::move(stream.error()));
    CommandClientOptions patience;
    patience.hello_timeout = std::min(patience.hello_timeout, run_.connect_timeout);
    auto client = CommandClient::open(std::move(*stream), patience);
    if (!client) return fail(std::move(client.error()));
    if (auto ready = client->session().wait_ready(); !ready) return fail(ready.error());
    stage = RunStage::starting;
    ShownOutput shown(results_[index].host, run_.colours);
    const auto sink = [&](StandardStream to) {
      return [&, to](Bytes piece) { return take(results_[index], shown, to, piece); };
    };
    CommandSinks sinks;
    sinks.on_start = [&](const CommandStart&) { stage = RunStage::running; };
    sinks.on_output = sink(StandardStream::output);
    sinks.on_error = sink(StandardStream::error);
    auto exit = client->run(command, sinks);
    if (is_live()) {
      for (const auto to : {StandardStream::output, StandardStream::error}) finish(shown, to);
    }
    if (exit) discard(client->finish());
    return exit;
  }

  bool take(HostResult& result, ShownOutput& shown, StandardStream to, Bytes piece) {
    if (is_live()) return show(shown, to, piece);
    std::string& kept = to == StandardStream::output ? result.output : result.error_output;
    if (result.output.size() + result.error_output.size() + piece.size() > kCollectedOfOneMax) {
      return false;
    }
    kept += as_text(piece);
    return true;
  }

  static std::size_t index_of(StandardStream to) { return to == StandardStream::output ? 0 : 1; }

  bool is_filtered(StandardStream to) const {
    if (run_.controls == Controls::raw) return false;
    return to == StandardStream::output ? is_output_terminal() : is_error_terminal();
  }

  bool show(ShownOutput& shown, StandardStream to, Bytes piece) {
    PrefixedLines& lines = shown.lines[index_of(to)];
    if (!is_filtered(to)) return write(to, lines.take(piece));
    return write(to, lines.take(as_bytes(shown.filters[index_of(to)].show(piece))));
  }

  void finish(ShownOutput& shown, StandardStream to) {
    PrefixedLines& lines = shown.lines[index_of(to)];
    if (is_filtered(to)) write(to, lines.take(as_bytes(shown.filters[index_of(to)].finish())));
    write(to, lines.finish());
  }

  /// Writes whole lines. A reader that does not read blocks a thread of its own, so that the
  /// connections stay alive and a signal ends the wait.
  bool write(StandardStream to, std::string text) {
    if (text.empty()) return true;
    const auto alone = writing_.lock();
    if (!alone || failure_ != 0) return false;
    const auto failed = offload([to, text = std::move(text)] { return write_standard(to, text); });
    if (!failed) return false;
    failure_ = *failed;
    return failure_ == 0;
  }

  /// Shows how the run at an endpoint ended, as soon as it has.
  void show_end(const HostResult& result, std::size_t index) {
    if (is_json()) {
      write(StandardStream::output, json_of(result, index).text() + '\n');
    } else if (result.error) {
      report_error(*result.error, ExitStatus::no_reply, common_.output);
    } else if (result.outcome != HostOutcome::ok && is_live()) {
      report_note(result.host + ": " + result.exit->describe(), common_.output);
    }
  }

  JsonLine json_of(const HostResult& result, std::size_t index) {
    if (result.exit) {
      const RemoteCommand command = remote_command(targets_[index], run_);
      JsonLine line = json_of_result({.program = &command.program,
                                      .endpoint = result.host,
                                      .exit = *result.exit,
                                      .dropped_bytes = result.dropped_bytes},
                                     as_bytes(result.output), as_bytes(result.error_output));
      add_outcome(line, result);
      return line;
    }
    JsonLine line = JsonLine::versioned();
    add_outcome(line, result);
    line.add("error", result.error->message());
    line.add_unless_empty("hint", result.error->hint());
    return line;
  }

  static void add_outcome(JsonLine& line, const HostResult& result) {
    line.add("endpoint", result.host);
    line.add("outcome", name_of(result.outcome));
  }

  void print_folded() {
    RemoteOutput output(run_.controls, run_.colours);
    for (const Fold& each : fold(results_)) {
      const HostResult& result = results_[each.first];
      write(StandardStream::output, heading_of(each, result));
      if (failure_ != 0) return;
      output.write(StandardStream::output, as_bytes(ended_line(result.output)));
      output.write(StandardStream::error, as_bytes(ended_line(result.error_output)));
    }
    if (!output.finish()) failure_ = output.failure();
  }

  static std::string ended_line(std::string text) {
    if (!text.empty() && text.back() != '\n') text += '\n';
    return text;
  }

  const RunOptions& run_;
  const CommonOptions& common_;
  std::vector<CommandTarget> targets_;
  std::vector<HostResult> results_;
  Mutex writing_;
  int failure_ = 0;  ///< The errno of a write to our own outputs.
};

}  // namespace

ExitStatus run_on_hosts(const RunOptions& run, const CommonOptions& common) {
  return FanOutRun(run, common).run();
}

}  // namespace hotline::cli
