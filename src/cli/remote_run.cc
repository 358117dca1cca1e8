#include "cli/remote_run.h"

#include <chrono>
#include <string>
#include <utility>

#include "cli/followed_command.h"
#include "cli/remote_connection.h"
#include "cli/remote_output.h"
#include "cli/remote_result.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/terminal_run.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

/// After its timeout, how long a command may take to end and its output to arrive.
constexpr Duration kEndPatience = std::chrono::seconds(10);

/// With --json the outputs are kept until the end.
constexpr std::size_t kCollectedMax = std::size_t{64} << 20;

/// The outputs of a command for a JSON object.
struct Collected {
  std::string output{};
  std::string error{};
  bool is_full = false;

  bool add(StandardStream to, Bytes piece) {
    is_full = output.size() + error.size() + piece.size() > kCollectedMax;
    if (is_full) return false;
    (to == StandardStream::output ? output : error).append(as_text(piece));
    return true;
  }
};

InputUse input_of(const RunOptions& options) {
  if (options.is_detached) return InputUse::none;
  if (options.input) return *options.input;
  return StandardInput::is_terminal() ? InputUse::none : InputUse::sent;
}

/// One run, from the start of the command to the exit status.
class RemoteRun {
 public:
  RemoteRun(CommandClient& client, const RunOptions& options, OutputForm form)
      : client_(client),
        options_(options),
        form_(form),
        printed_(options.controls, options.colours) {}

  RemoteRunEnd run(const RemoteCommand& command) {
    const ExitStatus status = run_to_end(command);
    return {status, is_printed_ && !client_.failure()};
  }

  RemoteRunEnd attach(JobId job) {
    auto running = client_.attach(
        job,
        {.input = options_.input == InputUse::sent ? CommandInput::stream : CommandInput::none});
    if (!running) return {report(running.error()), !client_.failure()};
    ExitStatus status = follow(*running, nullptr, OnInterrupt::detaches);
    if (const std::uint64_t missing = missing_bytes(*running); missing > 0) {
      status = report(begins_late(missing));
    }
    return {status, is_printed_ && !client_.failure()};
  }

 private:
  ExitStatus run_to_end(const RemoteCommand& command) {
    auto running = client_.start(command, run_deadline(options_));
    if (!running) return report(running.error());
    if (command.is_detached) return print_job(*running);
    return follow(*running, &command.program, OnInterrupt::cancels);
  }

  ExitStatus follow(RunningCommand& running, const RemoteProgram* program,
                    OnInterrupt on_interrupt) {
    FollowedCommand followed(running, [this](StandardStream to, Bytes piece) {
      return form_ == OutputForm::json ? collected_.add(to, piece) : printed_.write(to, piece);
    });
    const auto exit = followed.follow({.input = input_of(options_),
                                       .form = form_,
                                       .deadline = run_deadline(options_),
                                       .on_interrupt = on_interrupt});
    is_printed_ = printed_.finish();
    if (!is_printed_) return report_unwritten();
    if (followed.input_failure() != 0) {
      report_input_failure(followed.input_failure(), form_);
      return ExitStatus::no_reply;
    }
    if (collected_.is_full) return report(too_large());
    if (followed.has_detached()) return ExitStatus::no_reply;
    if (!exit) return report(with_job_hint(exit.error(), running));
    const RemoteResult result{program, client_.peer(), *exit, running.dropped_bytes()};
    return form_ == OutputForm::json ? print(result) : report_result(result, form_);
  }

  /// Adds how to go on with a job whose connection was lost.
  Error with_job_hint(Error error, RunningCommand& running) const {
    if (!running.can_resume()) return error;
    const auto start = running.started(deadline_after(Duration::zero()));
    if (!start) return error;
    error.advice =
        "it goes on: 'hotline attach " + options_.endpoint + ' ' + start->job.text() + "'";
    return error;
  }

  ExitStatus print_job(RunningCommand& running) {
    const auto start = running.started(run_deadline(options_));
    if (!start) return report(start.error());
    JsonLine job;
    job.add("id", start->job.text());
    std::string line = start->job.text();
    if (form_ == OutputForm::json) line = JsonLine::versioned().add("job", job).text();
    is_printed_ = print_output(line + '\n', ExitStatus::ok, form_) == ExitStatus::ok;
    return is_printed_ ? ExitStatus::ok : ExitStatus::no_reply;
  }

  /// Returns how many bytes of a job's outputs were given up before this client got any.
  static std::uint64_t missing_bytes(RunningCommand& running) {
    const auto start = running.started(deadline_after(Duration::zero()));
    return start ? start->output_offset + start->error_offset : 0;
  }

  Error begins_late(std::uint64_t missing) const {
    return make_error(ErrorKind::truncated, "show all output of the job at", client_.peer(),
                      "its first " + std::to_string(missing) + " bytes are not kept any more",
                      "the rest is complete; attach earlier, or write the output to a file there");
  }

  ExitStatus report(const Error& error) const {
    return report_error(error, ExitStatus::no_reply, form_);
  }

  ExitStatus report_unwritten() const {
    // A failure of standard error cannot be shown.
    if (printed_.failed() == StandardStream::output) {
      report_output_failure(printed_.failure(), form_);
    }
    return ExitStatus::no_reply;
  }

  ExitStatus print(const RemoteResult& result) {
    const std::string line =
        json_of_result(result, as_bytes(collected_.output), as_bytes(collected_.error)).text();
    is_printed_ = print_output(line + '\n', ExitStatus::ok, form_) == ExitStatus::ok;
    return is_printed_ ? status_of(result.exit) : ExitStatus::no_reply;
  }

  Error too_large() const {
    return make_error(ErrorKind::too_large, "collect the output of the command at", client_.peer(),
                      "it is longer than " + std::to_string(kCollectedMax) + " bytes",
                      "limit it with --max-output, or leave out --json");
  }

  CommandClient& client_;
  const RunOptions& options_;
  OutputForm form_;
  RemoteOutput printed_;
  Collected collected_;
  bool is_printed_ = true;
};

}  // namespace

RemoteCommand remote_command(const CommandTarget& target, const RunOptions& options) {
  RemoteCommand command;
  if (options.line) {
    command.program = ShellLine{*options.line};
  } else {
    command.program = CommandWords{options.command};
  }
  command.directory = options.directory;
  command.environment = options.environment;
  command.timeout = options.timeout;
  command.output_max = options.output_max ? options.output_max : target.command.output_max;
  command.on_excess = options.on_excess;
  command.keep = options.keep;
  command.is_detached = options.is_detached;
  if (options.terminal == TerminalUse::wanted) command.terminal = remote_terminal();
  command.input = input_of(options) == InputUse::sent ? CommandInput::stream : CommandInput::none;
  return command;
}

Deadline run_deadline(const RunOptions& options) {
  if (options.timeout == kNoTimeout) return Deadline::never();
  return deadline_after(options.timeout + kEndPatience);
}

ExitStatus run_remotely(CommandTarget target, const RunOptions& options,
                        const CommonOptions& common) {
  const OutputForm form = common.output;
  const RemoteCommand command = remote_command(target, options);
  if (const auto checked = command.check(); !checked) {
    return report_error(checked.error(), ExitStatus::usage, form);
  }
  auto client = connect_remote(std::move(target), options.endpoint);
  if (!client) return report_run_failure(client.error(), form);
  return run_command(*client, command, options, form).status;
}

RemoteRunEnd attach_job(CommandClient& client, JobId job, const RunOptions& options,
                        OutputForm form) {
  return RemoteRun(client, options, form).attach(job);
}

RemoteRunEnd run_command(CommandClient& client, const RemoteCommand& command,
                         const RunOptions& options, OutputForm form) {
  return RemoteRun(client, options, form).run(command);
}

}  // namespace hotline::cli
