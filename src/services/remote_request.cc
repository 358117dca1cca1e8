#include "services/remote_request.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "hotline/engine/clock.h"
#include "hotline/engine/random.h"
#include "services/allowed_variables.h"
#include "services/attached_client.h"
#include "services/attached_run.h"
#include "services/audit_note.h"
#include "services/client_farewell.h"
#include "services/command_answer.h"
#include "services/command_launch.h"
#include "services/command_protocol.h"
#include "services/job_attachment.h"
#include "services/job_message.h"
#include "services/job_start.h"
#include "services/launch_refusal.h"

namespace hotline::services {
namespace {

JobId new_job_id() {
  JobId id;
  random_bytes(id.bytes);
  return id;
}

/// Returns why there is no place, for `what`: `commands`.
std::string full_text(FullLimit limit, std::string_view what) {
  const std::string all(what);
  if (limit == FullLimit::of_all) return "as many " + all + " run as the server allows";
  return "as many " + all + " of this caller run as the server allows one caller";
}

}  // namespace

void RemoteRequest::answer() {
  const auto request = decode_request(stream_.request(), stream_.flows());
  // Nothing is known of the command.
  if (!request) return refuse(RemoteCommand{}, request.error().code, request.error().text);
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
  std::optional<CommandPlaces::Place> place = take_place(command);
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
  AttachedRun run(std::move(process), command_bounds(command, service().options, begun_), client);
  // A client that knows the end finds the record, and the place free.
  run.run([&](const CommandExit& exit) {
    place.reset();
    note_end(call_, command, id, exit, run.command());
  });
  client.finish();
}

/// Returns nullopt if as many commands run as may; the client has its refusal then.
std::optional<CommandPlaces::Place> RemoteRequest::take_place(const RemoteCommand& command) {
  auto place = service().places.take(call_.caller);
  if (place) return std::move(*place);
  refuse(command, reset_code(CommandRefusal::busy), full_text(place.error(), "commands"));
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

void RemoteRequest::run_job(const RemoteCommand& command) {
  bool is_repeated = false;
  const auto job = find_or_start(command, is_repeated);
  if (!job || !has_started(command, *job, is_repeated)) return;
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
  if (!lock) {
    refuse(command, ResetCode::failed, lock.error().message());
    return nullptr;
  }
  auto known = command.key ? service().jobs.find(call_.caller, *command.key) : nullptr;
  is_repeated = known != nullptr;
  if (!known) return start(command);
  if (known->facts().command == command) return known;
  refuse(command, reset_code(CommandRefusal::key_reused), "the key belongs to another command");
  return nullptr;
}

std::shared_ptr<Job> RemoteRequest::start(const RemoteCommand& command) {
  if (!has_room(command)) return nullptr;
  auto place = take_place(command);
  if (!place) return nullptr;
  const RemoteCommandsOptions& options = service().options;
  auto job = Job::make({.id = new_job_id(),
                        .owner = call_.caller,
                        .command = command,
                        .keep = std::min(command.keep.value_or(options.keep_max), options.keep_max),
                        .changes = &service().runner.changes()},
                       {.kept_max = options.kept_max});
  if (!job) {
    refuse(command, ResetCode::failed, job.error().message());
    return nullptr;
  }
  auto begun = std::make_unique<JobStart>(call_, *job, std::move(*place),
                                          command_bounds(command, options, begun_));
  service().runner.start([begun = std::move(begun)] { begun->run(); });
  return *job;
}

/// Returns false if the job cannot be started, and the client has its refusal, or if the client
/// has gone before that is known.
bool RemoteRequest::has_started(const RemoteCommand& command, Job& job, bool is_repeated) {
  if (job.wait_started()) return true;
  const auto failure = job.start_failure();
  if (!failure) return false;
  const LaunchRefusal refusal = launch_refusal(*failure);
  stream_.reset(refusal.code, refusal.text);
  // The first request is recorded by JobStart.
  if (is_repeated) note_refusal(call_, command, refusal.text);
  return false;
}

/// Returns false if no further job may run; the client has its refusal then.
bool RemoteRequest::has_room(const RemoteCommand& command) {
  const auto full = service().jobs.full_limit(call_.caller);
  if (!full) return true;
  refuse(command, reset_code(CommandRefusal::busy), full_text(*full, "jobs"));
  return false;
}

void RemoteRequest::answer_detached(Job& job, bool is_repeated) {
  CommandAnswer answer{.job = job.facts().id, .pid = job.pid(), .started = job.started()};
  answer.is_repeated = is_repeated;
  answer.has_terminal = job.facts().command.terminal.has_value();
  answer.keep = job.facts().keep;
  if (!stream_.accept(as_bytes(encode_answer(answer)))) return cancel_if_reset(job, stream_);
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

void RemoteRequest::finish() {
  end_and_wait(stream_, [](const ReceivedMessage&) {
    return CommandFault{.text = "no message belongs to that request"};
  });
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
