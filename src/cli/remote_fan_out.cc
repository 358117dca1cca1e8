#include "cli/remote_fan_out.h"

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/collected_output.h"
#include "cli/fan_out.h"
#include "cli/folded_results.h"
#include "cli/host_file.h"
#include "cli/host_result.h"
#include "cli/host_run.h"
#include "cli/host_targets.h"
#include "cli/json_bytes.h"
#include "cli/remote_output.h"
#include "cli/remote_result.h"
#include "cli/remote_run.h"
#include "cli/report.h"
#include "cli/shared_output.h"
#include "cli/shared_spill.h"
#include "cli/shown_output.h"
#include "cli/until_signal.h"
#include "hotline/engine/make_directories.h"
#include "hotline/engine/staged_file.h"

namespace hotline::cli {
namespace {

/// A JSON object is made in memory.
constexpr std::uint64_t kJsonOutputMax = std::uint64_t{16} << 20;

/// The runs at all endpoints.
class FanOutRun {
 public:
  FanOutRun(const RunOptions& run, const CommonOptions& common)
      : run_(run),
        common_(common),
        shared_(SharedOutput::wanted_progress(common.output)),
        names_(host_file_names(run.hosts)) {}

  ExitStatus run() {
    auto targets = host_targets(run_, common_.home);
    if (!targets) return report_error(targets.error(), ExitStatus::usage, common_.output);
    targets_ = std::move(*targets);
    for (const std::string& directory : {run_.output_directory, run_.error_directory}) {
      if (auto ready = prepare(directory); !ready) {
        return report_error(ready.error(), ExitStatus::no_reply, common_.output);
      }
    }
    for (const std::string& host : run_.hosts) results_.push_back({.host = host});
    const auto signal = run_until_signal([this] {
      discard(fan_out(targets_.size(), run_.hosts_at_once, [this](std::size_t i) { run_at(i); }));
    });
    shared_.erase();
    if (!signal) return report_run_failure(signal.error(), common_.output);
    return finish();
  }

 private:
  bool is_json() const { return common_.output == OutputForm::json; }
  bool is_folded() const { return run_.outputs == ManyOutputs::folded && !is_json(); }
  bool is_live() const { return run_.outputs == ManyOutputs::live && !is_json(); }

  std::string path_of(const std::string& directory, std::size_t index) const {
    return directory + "/" + names_[index];
  }

  /// The output of an earlier run must not be taken for one of this run.
  Result<void> prepare(const std::string& directory) {
    if (directory.empty()) return {};
    if (auto made = make_directories(directory); !made) return made;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (auto removed = StagedFile::remove_old(path_of(directory, i)); !removed) return removed;
    }
    return {};
  }

  void run_at(std::size_t index) {
    HostResult& result = results_[index];
    result.state = HostState::running;
    shared_.draw(progress_of(results_));
    HostOutputs outputs{output_for(index, StandardStream::output),
                        output_for(index, StandardStream::error)};
    run_at_host(std::move(targets_[index]), run_, outputs, result);
    result.state = HostState::done;
    show_end(result);
    shared_.draw(progress_of(results_));
  }

  std::unique_ptr<HostOutput> output_for(std::size_t index, StandardStream from) {
    HostResult& result = results_[index];
    const bool is_output = from == StandardStream::output;
    const std::string& directory = is_output ? run_.output_directory : run_.error_directory;
    if (!directory.empty()) {
      return std::make_unique<FiledOutput>(path_of(directory, index),
                                           is_output ? result.output_file : result.error_file);
    }
    if (is_live()) {
      return std::make_unique<ShownOutput>(result.host, from, shared_, run_.controls, run_.colours);
    }
    return std::make_unique<CollectingOutput>(
        is_output ? result.output : result.error_output, spill_,
        is_json() ? kJsonOutputMax : std::numeric_limits<std::uint64_t>::max());
  }

  /// Shows how the run at an endpoint ended, as soon as it has.
  void show_end(const HostResult& result) {
    if (is_json()) {
      shared_.write(StandardStream::output, json_of(result).text() + '\n');
    } else {
      shared_.write(StandardStream::error, lines_of_end(result));
    }
  }

  /// Returns what is to be known about it besides its outputs. Folds show the end of a command.
  std::string lines_of_end(const HostResult& result) const {
    std::string lines;
    const auto note = [&](const std::string& text) {
      lines += note_line(result.host + ": " + text, OutputForm::text);
    };
    if (result.error) lines = error_lines(*result.error, ExitStatus::no_reply, OutputForm::text);
    if (result.exit && is_live()) {
      const RemoteResult end = end_of(result);
      for (const std::string& each : notes_of(end)) note(each);
      if (const auto error = error_of(end)) {
        lines += error_lines(*error, ExitStatus::no_reply, OutputForm::text);
      } else if (!result.exit->is_success()) {
        note(result.exit->describe());
      }
    }
    for (const auto& file : {result.output_file, result.error_file}) {
      if (file && file->end == OutputEnd::partial) note("what has arrived is in " + file->path);
    }
    return lines;
  }

  RemoteResult end_of(const HostResult& result) const {
    return {.program = &program_,
            .endpoint = result.host,
            .exit = *result.exit,
            .dropped_bytes = result.dropped_bytes};
  }

  JsonLine json_of(const HostResult& result) const {
    const auto output = json_of_output(result.output, result.output_file);
    const auto error = json_of_output(result.error_output, result.error_file);
    JsonLine line = JsonLine::versioned();
    if (result.exit && output && error) line = json_of_result(end_of(result), *output, *error);
    line.add("endpoint", result.host);
    line.add("outcome", name_of(result.outcome));
    if (result.error) line.add("error", json_of_error(*result.error, ExitStatus::no_reply));
    for (const auto& unread : {&output, &error}) {
      if (!*unread) line.add("error", json_of_error(unread->error(), ExitStatus::no_reply));
    }
    if (!result.exit && result.output_file) line.add("stdout", *output);
    if (!result.exit && result.error_file) line.add("stderr", *error);
    return line;
  }

  Result<JsonLine> json_of_output(const CollectedOutput& output,
                                  const std::optional<HostFile>& file) const {
    if (file) return json_of_file(*file);
    const auto text = output.text(spill_);
    if (!text) return fail(text.error());
    return json_of_bytes(as_bytes(*text));
  }

  ExitStatus finish() {
    if (shared_.failure() == 0 && is_folded()) {
      auto printed = print_folded();
      if (!printed && folded_failure_ == 0) {
        return report_error(printed.error(), ExitStatus::no_reply, common_.output);
      }
    }
    const int failure = folded_failure_ != 0 ? folded_failure_ : shared_.failure();
    if (failure != 0) {
      return report_output_failure(failure, common_.output, ExitStatus::no_reply);
    }
    report_note(summary_of(results_), common_.output);
    return status_of(results_);
  }

  Result<void> print_folded() {
    const auto folds = fold(results_, spill_);
    if (!folds) return fail(folds.error());
    for (const Fold& each : *folds) {
      const HostResult& result = results_[each.first];
      shared_.write(StandardStream::output, heading_of(each, result));
      for (const auto to : {StandardStream::output, StandardStream::error}) {
        if (auto printed = print_collected(to, result); !printed) return printed;
      }
      if (result.exit) print_hint(end_of(result));
      if (shared_.failure() != 0) break;
    }
    return {};
  }

  /// Prints an output, with a newline at its end if it has none.
  Result<void> print_collected(StandardStream to, const HostResult& result) {
    const bool is_output = to == StandardStream::output;
    const CollectedOutput& output = is_output ? result.output : result.error_output;
    RemoteOutput printed(run_.controls, run_.colours);
    char last = '\n';
    auto read = output.read(spill_, [&](std::string_view piece) -> Result<void> {
      last = piece.back();
      if (printed.write(to, as_bytes(piece))) return {};
      folded_failure_ = printed.failure();
      return fail(system_error(folded_failure_, "write to standard output"));
    });
    if (read && last != '\n') printed.write(to, as_bytes("\n"));
    printed.finish();
    return read;
  }

  void print_hint(const RemoteResult& result) {
    const auto error = error_of(result);
    if (!error || error->hint().empty()) return;
    shared_.write(StandardStream::error, "hint: " + error->hint() + '\n');
  }

  const RunOptions& run_;
  const CommonOptions& common_;
  const RemoteProgram program_ = remote_command({}, run_).program;
  SharedOutput shared_;
  SharedSpill spill_;
  int folded_failure_ = 0;  ///< The errno of the write of a folded output that failed, or 0.
  std::vector<std::string> names_;  ///< The names of files.
  std::vector<CommandTarget> targets_;
  std::vector<HostResult> results_;
};

}  // namespace

ExitStatus run_on_hosts(const RunOptions& run, const CommonOptions& common) {
  return FanOutRun(run, common).run();
}

}  // namespace hotline::cli
