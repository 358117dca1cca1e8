#include "cli/remote_run.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "cli/client_loop.h"
#include "cli/followed_command.h"
#include "cli/json_bytes.h"
#include "cli/remote_connection.h"
#include "cli/remote_output.h"
#include "cli/remote_result.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "cli/terminal_run.h"
#include "cli/until_signal.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"

namespace hotline::cli {
namespace {

/// After its timeout, how long a command may take to end and its output to arrive.
constexpr Duration kEndPatience = std::chrono::seconds(10);

/// How long the server may take to forget a job that has ended.
constexpr Duration kForgetPatience = std::chrono::seconds(5);

/// A job is kept a little longer than its client tries to connect again, because the server may
/// have noticed the loss earlier.
constexpr Duration kKeepReserve = std::chrono::minutes(1);

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

/// Returns for how long the server is to keep the command as a job.
std::optional<Duration> keep_of(const RunOptions& options) {
  // The server has a limit of its own.
  if (options.keep == kNoTimeout) return kCommandTimeMax;
  if (options.keep || !options.reconnect) return options.keep;
  return std::min(*options.reconnect, kCommandTimeMax - kKeepReserve) + kKeepReserve;
}

InputUse input_of(const RunOptions& options) {
  if (options.is_detached) return InputUse::none;
  if (options.input) return *options.input;
  return StandardInput::is_terminal() ? InputUse::none : InputUse::sent;
}

/// One run, from the start of the command to the exit status.
class RemoteRun {
 public:
  RemoteRun(RemoteLink& link, const RunOptions& options, OutputForm form)
      : link_(link), options_(options), form_(form), printed_(options.controls, options.colours) {}

  RemoteRunEnd run(const RemoteCommand& command) {
    const ExitStatus status = run_to_end(command);
    return {status, is_printed_ && !link_.client().failure()};
  }

  RemoteRunEnd attach(JobId job) {
    const auto input = options_.input == InputUse::sent ? CommandInput::stream : CommandInput::none;
    auto running = begin([&] {
      return link_.client().attach(job, {.input = input, .input_begin = InputBegin::next_byte});
    });
    if (!running) return {report(running.error()), !link_.client().failure()};
    const ExitStatus status = follow(*running, nullptr, OnInterrupt::detaches);
    return {status, is_printed_ && !link_.client().failure()};
  }

 private:
  ExitStatus run_to_end(const RemoteCommand& command) {
    auto running = begin([&] { return link_.client().start(command, run_deadline(options_)); });
    if (!running) return report(running.error());
    if (command.is_detached) return print_job(*running, command.program);
    const ExitStatus status = follow(*running, &command.program, OnInterrupt::cancels);
    // The user has not asked for a job to which to attach later.
    if (options_.reconnect && !options_.keep && !running->can_resume()) forget(*running);
    return status;
  }

  /// Returns what `request` returns. If the connection is lost before the request is sent, it is
  /// made over another one.
  template <typename Request>
  Result<RunningCommand> begin(Request request) {
    for (;;) {
      auto running = request();
      if (running || !link_.can_restore()) return running;
      auto restored = restore([&] { return link_.restore(run_deadline(options_)); });
      if (!restored) return fail(std::move(restored.error()));
    }
  }

  /// Returns what `work` returns. A signal cancels it.
  template <typename Work>
  static Result<void> restore(Work work) {
    Result<void> restored;
    const auto signal = run_until_signal([&] { restored = work(); });
    if (!signal) return fail(signal.error());
    return restored;
  }

  void forget(RunningCommand& running) {
    const Deadline deadline = deadline_after(kForgetPatience);
    const auto start = running.started(deadline);
    // It is given up after its time in any case.
    if (start) discard(link_.client().forget(start->job, deadline));
  }

  ExitStatus follow(RunningCommand& running, const RemoteProgram* program,
                    OnInterrupt on_interrupt) {
    FollowedCommand followed(running, link_,
                             [this](StandardStream to, Bytes& piece, OnNoRoom then) {
                               return take_output(to, piece, then);
                             });
    const auto exit = followed.follow({.endpoint = options_.endpoint,
                                       .input = input_of(options_),
                                       .form = form_,
                                       .deadline = run_deadline(options_),
                                       .on_interrupt = on_interrupt});
    is_printed_ = printed_.finish();
    if (!is_printed_) return report_unwritten();
    if (followed.input_failure() != 0) {
      return report_input_failure(followed.input_failure(), form_, ExitStatus::no_reply);
    }
    if (collected_.is_full) return report(too_large());
    if (followed.has_detached()) return ExitStatus::no_reply;
    if (!exit) return report(with_job_hint(exit.error(), running));
    const ExitStatus status = show(result_of(running, program, *exit));
    const std::uint64_t missing = missing_bytes(followed);
    return missing == 0 ? status : report(begins_late(missing));
  }

  RemoteResult result_of(const RunningCommand& running, const RemoteProgram* program,
                         const CommandExit& exit) const {
    return {.program = program,
            .endpoint = link_.client().peer(),
            .exit = exit,
            .dropped_bytes = running.dropped_bytes(),
            .reconnects = link_.restored()};
  }

  ExitStatus show(const RemoteResult& result) {
    return form_ == OutputForm::json ? print(result) : report_result(result, form_);
  }

  /// See FollowedCommand::Sink.
  bool take_output(StandardStream to, Bytes& piece, OnNoRoom then) {
    if (form_ != OutputForm::json) {
      return then == OnNoRoom::waits ? printed_.write(to, piece)
                                     : printed_.write_at_once(to, piece);
    }
    return collected_.add(to, std::exchange(piece, {}));
  }

  /// Adds how to go on with a job whose connection was lost.
  Error with_job_hint(Error error, RunningCommand& running) const {
    const bool has_ended_trying =
        error.kind == ErrorKind::timed_out || error.kind == ErrorKind::cancelled;
    const bool is_refused = running.refusal() || error.kind == ErrorKind::permission_denied;
    if (!running.can_resume() || (is_refused && !has_ended_trying)) return error;
    const auto start = running.started(deadline_after(Duration::zero()));
    if (!start) {
      error.advice = "the command may run as a job: 'hotline jobs " + options_.endpoint +
                     "' lists those that do";
      return error;
    }
    const std::string time = start->keep ? " for " + format_duration(*start->keep) : "";
    error.advice = "if the server still runs, so does the command" + time + ": 'hotline attach " +
                   options_.endpoint + ' ' + start->job.text() + "'";
    return error;
  }

  ExitStatus print_job(RunningCommand& running, const RemoteProgram& program) {
    const Deadline deadline = run_deadline(options_);
    auto start = running.started(deadline);
    while (!start && running.can_resume() && link_.can_restore()) {
      const auto restored = restore([&] { return link_.restore(running, deadline); });
      if (!restored) return report(with_job_hint(restored.error(), running));
      start = running.started(deadline);
    }
    // A program that could not be started has an end, as without --detach.
    if (const auto exit = running.result(); !start && exit) {
      return show(result_of(running, &program, *exit));
    }
    if (!start) return report(start.error());
    JsonLine job;
    job.add("id", start->job.text());
    std::string line = start->job.text();
    if (form_ == OutputForm::json) line = JsonLine::versioned().add("job", job).text();
    return print_line(line);
  }

  /// Returns how many bytes of a job's outputs were given up before this client got any.
  static std::uint64_t missing_bytes(const FollowedCommand& followed) {
    const auto& start = followed.start();
    return start ? start->output_offset + start->error_offset : 0;
  }

  Error begins_late(std::uint64_t missing) const {
    return make_error(ErrorKind::truncated, "show all output of the job at", link_.client().peer(),
                      "its first " + std::to_string(missing) + " bytes are not kept any more",
                      "the rest is complete; attach earlier, or write the output to a file there");
  }

  ExitStatus report(const Error& error) const {
    return report_error(error, ExitStatus::no_reply, form_);
  }

  ExitStatus report_unwritten() const {
    // A failure of standard error cannot be shown.
    if (printed_.failed() == StandardStream::output) {
      return report_output_failure(printed_.failure(), form_, ExitStatus::no_reply);
    }
    return ExitStatus::no_reply;
  }

  ExitStatus print(const RemoteResult& result) {
    const std::string line = json_of_result(result, json_of_bytes(as_bytes(collected_.output)),
                                            json_of_bytes(as_bytes(collected_.error)))
                                 .text();
    const ExitStatus printed = print_line(line);
    return is_printed_ ? status_of(result.exit) : printed;
  }

  ExitStatus print_line(const std::string& line) {
    const ExitStatus status =
        print_output(line + '\n', ExitStatus::ok, form_, ExitStatus::no_reply);
    is_printed_ = status == ExitStatus::ok;
    return status;
  }

  Error too_large() const {
    return make_error(ErrorKind::too_large, "collect the output of the command at",
                      link_.client().peer(),
                      "it is longer than " + std::to_string(kCollectedMax) + " bytes",
                      "leave out --json; 'hotline run --max-output' limits it");
  }

  RemoteLink& link_;
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
  command.keep = keep_of(options);
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
  return run_on_client_loop(
      [&] {
        auto client = connect_remote(std::move(target), options.endpoint);
        if (!client) return report_run_failure(client.error(), form);
        RemoteLink link(std::move(*client), connecting_again(options, common));
        return run_command(link, command, options, form).status;
      },
      form);
}

std::optional<RemoteLink::Again> connecting_again(const RunOptions& options,
                                                  const CommonOptions& common) {
  if (!options.reconnect) return std::nullopt;
  return RemoteLink::Again{.uri = options.endpoint,
                           .home = common.home,
                           .connect_timeout = options.connect_timeout,
                           .time_max = *options.reconnect,
                           .form = common.output};
}

RemoteRunEnd attach_job(RemoteLink& link, JobId job, const RunOptions& options, OutputForm form) {
  return RemoteRun(link, options, form).attach(job);
}

RemoteRunEnd run_command(RemoteLink& link, const RemoteCommand& command, const RunOptions& options,
                         OutputForm form) {
  return RemoteRun(link, options, form).run(command);
}

}  // namespace hotline::cli
