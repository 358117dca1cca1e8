#include "services/remote_request.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/random.h"
#include "services/allowed_variables.h"
#include "services/attached_client.h"
#include "services/attached_run.h"
#include "services/audit_note.h"
#include "services/command_answer.h"
#include "services/command_protocol.h"
#include "services/job_attachment.h"
#include "services/job_message.h"
#include "services/launch_refusal.h"

namespace hotline::services {
namespace {

JobId new_job_id() {
  JobId id;
  random_bytes(id.bytes);
  return id;
}

std::vector<std::string> arguments_of(const RemoteProgram& program) {
  if (const auto* const words = std::get_if<CommandWords>(&program)) return words->words;
  if (const auto* const shell = std::get_if<ShellLine>(&program)) {
    return {"/bin/sh", "-c", "--", shell->line};
  }
  // The launcher's environment has the shell of the user.
  return {"/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\" -i"};
}

LaunchOptions launch_options(const RemoteCommand& command, const std::string& directory) {
  LaunchOptions launch;
  launch.arguments = arguments_of(command.program);
  launch.directory = command.directory.empty() ? directory : command.directory;
  for (const RemoteVariable& each : command.environment) {
    // The terminal says what it is.
    if (command.terminal && each.name == "TERM") continue;
    launch.environment.push_back(each.name + "=" + each.value);
  }
  if (command.terminal) {
    launch.terminal =
        TerminalOptions{.rows = static_cast<std::uint16_t>(command.terminal->size.rows),
                        .columns = static_cast<std::uint16_t>(command.terminal->size.columns),
                        .type = command.terminal->name};
  } else if (command.input == CommandInput::stream) {
    launch.input = ProcessInput::pipe;
  }
  return launch;
}

}  // namespace

void RemoteRequest::answer() {
  const auto request = decode_request(stream_.request(), stream_.flows());
  if (!request) return stream_.reset(request.error().code, request.error().text);
  std::visit([this](const auto& each) { answer(each); }, *request);
}

void RemoteRequest::answer(const RemoteCommand& command) {
  if (refuses(command)) return;
  if (command.keep || command.is_detached) return run_job(command);
  run(command);
}

/// Refuses a command that the server does not allow.
bool RemoteRequest::refuses(const RemoteCommand& command) {
  for (const RemoteVariable& each : command.environment) {
    if (is_allowed_variable(each.name, service().options.variables)) continue;
    refuse(command, reset_code(CommandRefusal::not_permitted),
           "the server does not accept the variable " + each.name);
    return true;
  }
  if (!command.keep && !command.is_detached) return false;
  if (service().options.jobs_max > 0) return false;
  refuse(command, reset_code(CommandRefusal::not_permitted), "this server keeps no jobs");
  return true;
}

/// Runs a command that ends with its connection.
void RemoteRequest::run(const RemoteCommand& command) {
  auto place = take_place(command);
  if (!place) return;
  const JobId id = new_job_id();
  auto process = launch(command);
  if (!process) return;
  AttachedClient client(stream_, {.input = command.input,
                                  .has_terminal = command.terminal.has_value(),
                                  .is_kept = false,
                                  .input_before = {}});
  CommandAnswer answer{.job = id};
  answer.pid = static_cast<std::uint32_t>(std::max(0, process->pid()));
  answer.started = begun_.wall;
  answer.has_terminal = command.terminal.has_value();
  if (command.input == CommandInput::stream) answer.input_offset = 0;
  // If the client has gone already, the run kills the command, and is recorded like any other.
  discard(client.accept(as_bytes(encode_answer(answer))));
  AttachedRun run(std::move(process), bounds_of(command), client);
  const CommandExit exit = run.run();
  note_end(call_, command, id, exit, run.command());
  // However long the client takes to end its side.
  place.reset();
  client.finish();
}

/// Returns nullopt if as many commands run as may; the client has its refusal then.
std::optional<CommandPlaces::Place> RemoteRequest::take_place(const RemoteCommand& command) {
  auto place = service().places.take(call_.caller);
  if (place) return place;
  refuse(command, reset_code(CommandRefusal::busy), "as many commands run as the server allows");
  return std::nullopt;
}

/// Returns null if the system did not start it; the client has its refusal then.
std::unique_ptr<Process> RemoteRequest::launch(const RemoteCommand& command) {
  auto process = service().launcher.launch(launch_options(command, service().options.directory));
  if (process) return std::move(*process);
  const LaunchRefusal refusal = launch_refusal(process.error());
  refuse(command, refusal.code, refusal.text);
  return nullptr;
}

CommandBounds RemoteRequest::bounds_of(const RemoteCommand& command) const {
  const RemoteCommandsOptions& options = call_.service.options;
  CommandBounds bounds{.begun = begun_,
                       .timeout = std::min(command.timeout, options.timeout_max),
                       .output_max = command.output_max,
                       .on_excess = command.on_excess};
  const auto& most = options.output_max;
  if (most) bounds.output_max = std::min(*most, command.output_max.value_or(*most));
  return bounds;
}

void RemoteRequest::run_job(const RemoteCommand& command) {
  bool is_repeated = false;
  const auto job = find_or_start(command, is_repeated);
  if (!job) return;
  if (command.is_detached) return answer_detached(*job, is_repeated);
  JobAttachment(stream_, *job)
      .serve({.output_offset = 0,
              .error_offset = 0,
              .input = command.input,
              .is_repeated = is_repeated});
}

/// Returns null if the client was refused.
std::shared_ptr<Job> RemoteRequest::find_or_start(const RemoteCommand& command, bool& is_repeated) {
  const auto lock = service().jobs.starting().lock();
  if (!lock) return nullptr;
  auto known = command.key ? service().jobs.find(call_.caller, *command.key) : nullptr;
  is_repeated = known != nullptr;
  if (!known) return start(command);
  if (known->facts().command == command) return known;
  refuse(CommandRefusal::key_reused, "the key belongs to another command");
  return nullptr;
}

std::shared_ptr<Job> RemoteRequest::start(const RemoteCommand& command) {
  if (!make_room(command)) return nullptr;
  auto place = take_place(command);
  if (!place) return nullptr;
  const Duration keep_max = service().options.keep_max;
  auto job = Job::make({.id = new_job_id(),
                        .owner = call_.caller,
                        .command = command,
                        .keep = std::min(command.keep.value_or(keep_max), keep_max)},
                       {.kept_max = service().options.kept_max});
  if (!job) {
    stream_.reset(ResetCode::failed, job.error().message());
    return nullptr;
  }
  auto process = launch(command);
  if (!process) return nullptr;
  (*job)->prepare(std::move(process), bounds_of(command));
  if (const auto begun = run_in_background(*job, std::move(*place)); !begun) {
    refuse(command, ResetCode::failed, begun.error().message());
    return nullptr;
  }
  return *job;
}

/// Gives up the job that ended first if there are as many as may be. Returns false if all run; the
/// client has its refusal then.
bool RemoteRequest::make_room(const RemoteCommand& command) {
  if (!service().jobs.is_full()) return true;
  const auto oldest = service().jobs.oldest_ended(call_.caller);
  if (oldest) {
    service().jobs.remove(*oldest);
    oldest->forget();
    return true;
  }
  refuse(command, reset_code(CommandRefusal::busy), "as many jobs run as the server allows");
  return false;
}

Result<void> RemoteRequest::run_in_background(const std::shared_ptr<Job>& job,
                                              CommandPlaces::Place place) {
  /// Others find the job as long as this exists: also if it cannot be started, or fails.
  struct Listed {
    Listed(JobTable& of, std::shared_ptr<Job> listed) : table(of), job(std::move(listed)) {
      table.add(job);
    }
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { table.remove(*job); }
    JobTable& table;
    const std::shared_ptr<Job> job;
  };
  auto listed = std::make_unique<Listed>(service().jobs, job);
  return call_.jobs.spawn("job", [listed = std::move(listed), call = call_,
                                  held = std::optional(std::move(place))]() mutable {
    listed->job->run([&] {
      note_end(call, *listed->job);
      held.reset();
    });
  });
}

void RemoteRequest::answer_detached(const Job& job, bool is_repeated) {
  CommandAnswer answer{.job = job.facts().id, .pid = job.pid(), .started = job.started()};
  answer.is_repeated = is_repeated;
  answer.has_terminal = job.facts().command.terminal.has_value();
  answer.keep = job.facts().keep;
  if (!stream_.accept(as_bytes(encode_answer(answer)))) return;
  const std::uint64_t nothing = OutputDigest().value();
  const std::string trailer = encode_trailer(OutputTrailer{nothing, nothing, 0});
  discard(stream_.end(kOutputFlow, as_bytes(trailer)));
  discard(stream_.end(kErrorFlow, as_bytes(trailer)));
  finish();
}

void RemoteRequest::answer(const AttachRequest& request) {
  const auto job = find(request.job);
  if (!job) return;
  JobAttachment(stream_, *job)
      .serve({.output_offset = request.output_offset,
              .error_offset = request.error_offset,
              .input = request.input});
}

void RemoteRequest::answer(const ListRequest&) {
  if (!stream_.accept()) return;
  for (const auto& job : service().jobs.of(call_.caller)) {
    if (!stream_.send(command_message(CommandMessage::job, encode_job(job->entry())))) return;
  }
  finish();
}

void RemoteRequest::answer(const SignalRequest& request) {
  const auto job = find(request.job);
  if (!job) return;
  if (job->exit() || !job->control(SignalMessage{request.signal})) {
    return refuse(CommandRefusal::not_running, "the job has ended");
  }
  if (stream_.accept()) finish();
}

void RemoteRequest::answer(const ForgetRequest& request) {
  const auto job = find(request.job);
  if (!job) return;
  // It is gone for its caller before it has been killed.
  service().jobs.remove(*job);
  job->forget();
  if (stream_.accept()) finish();
}

/// Returns null if the caller has no such job; it is refused then.
std::shared_ptr<Job> RemoteRequest::find(const JobId& id) {
  auto job = service().jobs.find(call_.caller, id);
  if (!job) refuse(CommandRefusal::not_found, "there is no job " + id.text());
  return job;
}

/// Ends the stream, and waits for the client's end.
void RemoteRequest::finish() {
  if (!stream_.end_messages()) return;
  const Deadline until = deadline_after(kClientFarewell);
  while (stream_.receive(until)) {
    stream_.reset(reset_code(CommandRefusal::malformed), "no message belongs to that request");
  }
  while (const auto bytes = stream_.read(kInputFlow, until)) {
    if (bytes->empty()) return;
  }
}

void RemoteRequest::refuse(CommandRefusal refusal, std::string_view text) {
  stream_.reset(reset_code(refusal), text);
}

/// Refuses a command, and records that.
void RemoteRequest::refuse(const RemoteCommand& command, ResetCode code, const std::string& text) {
  stream_.reset(code, text);
  note_refusal(call_, command, text);
}

}  // namespace hotline::services
