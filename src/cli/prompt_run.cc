#include "cli/prompt_run.h"

#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "cli/file_prompt.h"
#include "cli/home.h"
#include "cli/line_reader.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "hotline/engine/inherited_signals.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

/// The editor of lines runs on a fiber.
constexpr std::size_t kStackBytes = std::size_t{256} * 1024;

/// The prompt with its lines and signals.
class PromptRun final : private PeerWatch {
 public:
  PromptRun(FileLink::To to, const CommonOptions& common)
      : link_(std::move(to)), prompt_(link_, common), common_(common) {}

  /// Takes lines until they end, and returns the exit status. `fibers` are cancelled by a signal.
  ExitStatus converse() {
    const auto quota = link_.perform<FileQuota>([](FileClient& client) { return client.quota(); });
    if (!quota) return report_no_connection(quota.error());
    is_taking_lines_ = true;
    const ExitStatus status = take_lines();
    is_taking_lines_ = false;
    link_.finish();
    return status;
  }

  /// Cancels the command that runs, or all `fibers`, when a signal comes.
  void watch(Signals& signals, TaskGroup& fibers) {
    while (const auto signal = signals.wait()) {
      const bool is_key = *signal == SIGINT && is_interactive_ && is_taking_lines_;
      if (is_key && command_ != nullptr) {
        was_interrupted_ = true;
        command_->cancel();
      } else if (!is_key || !is_edited_) {
        came_ = *signal;
        return fibers.cancel();
      }
    }
  }

  /// Returns the signal that has ended it.
  std::optional<int> came() const { return came_; }

 private:
  ExitStatus report_no_connection(const FileFailure& failure) const {
    const ExitStatus status = report_file_failure(failure, link_);
    if (!came_) return status;
    // The terminal has shown ^C.
    if (is_interactive_) write_standard(StandardStream::error, "\n");
    report_note("interrupted before " + link_.to().uri + " has answered", common_.output);
    return status;
  }

  ExitStatus take_lines() {
    LineEditing editing{
        .history_path = is_edited_ ? history_path() : std::string(),
        .prompt = [this] { return prompt_.prompt(); },
        .interrupt = LineInterrupt::clears_line,
        .complete =
            [this](std::string_view before_cursor) { return prompt_.complete(before_cursor); }};
    const auto lines = LineReader::on_standard_input(std::move(editing), {.quit = QuitLine::ends});
    std::string line;
    while (lines->next(line, *this) == MessageSource::Next::message) {
      const ExitStatus status = run(line);
      if (came_) return status;
      if (status != ExitStatus::ok && !is_interactive_) return status;
    }
    if (lines->failure() == 0) return ExitStatus::ok;
    return report_input_failure(lines->failure(), common_.output);
  }

  std::string history_path() const { return Home(common_.home).state_file("files_history"); }

  /// A fiber of its own can be cancelled without the prompt.
  ExitStatus run(const std::string& line) {
    ExitStatus status = ExitStatus::failed;
    TaskGroup group;
    const auto spawned = group.spawn("command", [&] { status = prompt_.run(line); });
    if (!spawned) return report_error(spawned.error(), ExitStatus::failed, common_.output);
    was_interrupted_ = false;
    command_ = &group;
    discard(group.join());
    command_ = nullptr;
    if (!was_interrupted_) return status;
    // The terminal has shown ^C.
    write_standard(StandardStream::error, "\n");
    report_note("interrupted; a 'get' or 'put' that is typed again goes on where it stopped",
                common_.output);
    return ExitStatus::failed;
  }

  int descriptor() const override { return -1; }
  bool has_hung_up() const override { return came_.has_value(); }
  bool suspends() const override { return true; }
  bool show_arrived() override { return false; }
  void settle() override {}

  FileLink link_;
  FilePrompt prompt_;
  CommonOptions common_;
  bool is_interactive_ = StandardInput::is_terminal();
  bool is_edited_ = LineReader::edits_standard_input();
  bool is_taking_lines_ = false;
  TaskGroup* command_ = nullptr;  ///< While one runs.
  bool was_interrupted_ = false;
  std::optional<int> came_{};
};

/// Returns the signal that has ended the prompt.
Result<std::optional<int>> run_until_ended(const FileCommandOptions& options,
                                           const CommonOptions& common, ExitStatus& status) {
  auto signals = Signals::block(without_ignored({SIGINT, SIGTERM}));
  if (!signals) return fail(std::move(signals.error()));
  auto asked = take_progress_signal();
  // On the fiber, because a connection ends on the loop on which it was made.
  std::optional<int> came;
  TaskGroup fibers({.loop = {.fiber_stack_bytes = kStackBytes}});
  const auto spawned = fibers.spawn("prompt", [&] {
    PromptRun run(link_to(options, common, asked), common);
    TaskGroup watcher;
    discard(watcher.spawn("signals", [&] { run.watch(*signals, fibers); }));
    status = run.converse();
    came = run.came();
    watcher.cancel();
    discard(watcher.join());
  });
  if (!spawned) return fail(spawned.error());
  discard(fibers.join());
  return came;
}

}  // namespace

ExitStatus run_file_prompt(const FileCommandOptions& options, const CommonOptions& common) {
  fail_lost_writes();
  ExitStatus status = ExitStatus::failed;
  const auto signal = run_until_ended(options, common, status);
  if (!signal) return report_error(signal.error(), ExitStatus::failed, common.output);
  if (*signal) end_by_signal(**signal);
  return status;
}

}  // namespace hotline::cli
