#include "cli/terminal_run.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "cli/followed_terminal.h"
#include "cli/remote_connection.h"
#include "cli/remote_result.h"
#include "cli/remote_run.h"
#include "cli/report.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/raw_terminal.h"

namespace hotline::cli {
namespace {

constexpr char kLeft[] = "left: how the remote command ended is not known";

/// One command on a terminal, from its start to the exit status.
class TerminalRun {
 public:
  TerminalRun(CommandClient& client, std::string endpoint)
      : client_(client), endpoint_(std::move(endpoint)) {}

  ExitStatus run(const RemoteCommand& command, Deadline deadline) {
    auto running = client_.start(command, deadline);
    if (!running) return report(running.error());
    TerminalFollowing options{.left = kLeft, .deadline = deadline};
    if (command.keep) options.left = left_as_job(*running, *command.keep, deadline);
    return follow(*running, &command.program, options);
  }

  ExitStatus attach(JobId job) {
    auto running =
        client_.attach(job, {.input = CommandInput::stream, .input_begin = InputBegin::next_byte});
    if (!running) return report(running.error());
    const auto start = running->started();
    if (!start) return report(start.error());
    if (!start->has_terminal) {
      discard(running->detach());
      return report(usage_error("the job does not run on a terminal", "leave out --tty"));
    }
    return follow(*running, nullptr,
                  {.on_interrupt = OnInterrupt::detaches, .left = "left: the job goes on"});
  }

 private:
  /// Returns the note on a command that goes on as a job. Waits until the server has started it,
  /// because the thread that leaves cannot ask.
  std::string left_as_job(RunningCommand& running, Duration keep, Deadline deadline) const {
    const auto start = running.started(deadline);
    if (start) keep = start->keep.value_or(keep);
    std::string note = "left: the command goes on as a job for " + format_duration(keep);
    if (start) note += ": '" + attach_line(start->job) + "'";
    return note;
  }

  std::string attach_line(JobId job) const {
    return "hotline attach --tty " + endpoint_ + ' ' + job.text();
  }

  ExitStatus follow(RunningCommand& running, const RemoteProgram* program,
                    const TerminalFollowing& options) {
    auto terminal = RawTerminal::open();
    if (!terminal) {
      running.abort();
      return report(terminal.error());
    }
    FollowedTerminal followed(running, *terminal);
    const auto exit = followed.follow(options);
    terminal->restore();
    if (followed.output_failure() != 0) {
      report_output_failure(followed.output_failure(), OutputForm::text);
      return ExitStatus::no_reply;
    }
    if (followed.has_detached()) return ExitStatus::no_reply;
    if (exit) {
      return report_result({program, client_.peer(), *exit, running.dropped_bytes()},
                           OutputForm::text);
    }
    if (followed.is_within_line()) print_line_in_time("");
    return report(with_job_hint(exit.error(), running));
  }

  /// Adds how to go on with a job whose connection was lost.
  Error with_job_hint(Error error, RunningCommand& running) const {
    if (!running.can_resume()) return error;
    const auto start = running.started(deadline_after(Duration::zero()));
    if (!start) return error;
    error.advice = "it goes on: '" + attach_line(start->job) + "'";
    return error;
  }

  static ExitStatus report(const Error& error) {
    return report_error(error, ExitStatus::no_reply, OutputForm::text);
  }

  CommandClient& client_;
  std::string endpoint_;
};

bool is_name_character(char c) {
  return std::string_view("+-._").contains(c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z');
}

}  // namespace

RemoteTerminal remote_terminal() {
  RemoteTerminal terminal;
  for (const auto stream : {StandardStream::output, StandardStream::error}) {
    const auto size = terminal_size(stream);
    if (!size) continue;
    terminal.size = *size;
    break;
  }
  const char* const type = std::getenv("TERM");
  const std::string name = type == nullptr ? "" : type;
  const bool is_name = !name.empty() && name.size() <= kTerminalNameMax &&
                       std::ranges::all_of(name, is_name_character);
  if (is_name) terminal.name = name;
  return terminal;
}

ExitStatus run_at_terminal(CommandTarget target, const RunOptions& options,
                           const CommonOptions& common) {
  const RemoteCommand command = remote_command(target, options);
  if (const auto checked = command.check(); !checked) {
    return report_error(checked.error(), ExitStatus::usage, common.output);
  }
  auto client = connect_remote(std::move(target), options.endpoint);
  if (!client) return report_run_failure(client.error(), common.output);
  return TerminalRun(*client, options.endpoint).run(command, run_deadline(options));
}

ExitStatus attach_at_terminal(CommandTarget target, JobId job, const RunOptions& options) {
  auto client = connect_remote(std::move(target), options.endpoint);
  if (!client) return report_run_failure(client.error(), OutputForm::text);
  return TerminalRun(*client, options.endpoint).attach(job);
}

ExitStatus shell_at_terminal(CommandTarget target, const ShellOptions& options,
                             const CommonOptions& common) {
  auto client = connect_remote(std::move(target), options.endpoint);
  if (!client) {
    return report_error(client.error(), status_of_connect(client.error()), common.output);
  }
  const RemoteCommand command{
      .program = LoginShell{}, .terminal = remote_terminal(), .input = CommandInput::stream};
  return TerminalRun(*client, options.endpoint).run(command, Deadline::never());
}

}  // namespace hotline::cli
