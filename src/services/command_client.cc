#include "hotline/services/command_client.h"

#include <functional>
#include <memory>
#include <utility>

#include "hotline/engine/random.h"
#include "hotline/services/command_refusal.h"
#include "hotline/services/signal_name.h"
#include "services/command_request.h"
#include "services/job_message.h"
#include "services/running_command_state.h"
#include "services/stream_failure.h"

namespace hotline {

using services::CommandRequest;
using services::error_of_request;

namespace {

SessionOptions session_options(const CommandClientOptions& options) {
  SessionOptions session = services::command_session_options(SessionRole::client);
  session.opened_max = options.commands_max;
  session.hello_timeout = options.hello_timeout;
  session.heartbeat = options.heartbeat;
  session.silence_max = options.silence_max;
  return session;
}

RunKey random_key() {
  RunKey key;
  random_bytes(key);
  return key;
}

Error violation(const std::string& peer, std::string detail) {
  return make_error(ErrorKind::protocol_violation, "ask about jobs at", peer, std::move(detail),
                    "use the same version of both programs");
}

constexpr std::string_view kRun = "run a command at";
constexpr std::string_view kAttach = "attach to a job at";

/// Returns what a request that is answered briefly is for.
std::string_view operation_of(services::RequestKind kind) {
  switch (kind) {
    case services::RequestKind::signal: return "signal a job at";
    case services::RequestKind::forget: return "forget a job at";
    default: return "list the jobs at";
  }
}

using TakeJob = std::function<Result<void>(Bytes payload)>;

/// Sends a request that is answered briefly, and calls `take` with the payload of each message JOB.
/// Without `take` there are none.
Result<void> ask(CommandClient& client, const CommandRequest& request, Deadline deadline,
                 const TakeJob& take = {}) {
  const std::string bytes = services::encode_request(request);
  const std::string_view operation = operation_of(kind_of(request));
  const auto of_asking = [&](const Error& error) {
    return error_of_request(error, operation, client.peer());
  };
  auto stream = client.session().open(flows_of(kind_of(request)), as_bytes(bytes), deadline);
  if (!stream) return fail(of_asking(stream.error()));
  // A refusal of the server has its own words.
  const auto fault = [&](const Error& error) {
    const auto reset = stream->reset_by_peer();
    return reset ? refusal_error(reset->code, reset->text, client.peer(), operation)
                 : of_asking(error);
  };
  const auto answer = stream->answer(deadline);
  if (!answer) return fail(fault(answer.error()));
  for (;;) {
    const auto message = stream->receive(deadline);
    if (!message && stream->flow_end(kMessageFlow)) {
      // Everything has arrived; the server may have gone already.
      discard(stream->end_messages());
      return {};
    }
    if (!message) return fail(fault(message.error()));
    const bool is_job = message->type == static_cast<std::uint8_t>(services::CommandMessage::job);
    Result<void> taken =
        fail(violation(client.peer(), "a message came that does not belong there"));
    if (take && is_job && message->flags == 0) taken = take(as_bytes(message->payload));
    if (taken) continue;
    stream->reset(reset_code(CommandRefusal::malformed), taken.error().detail);
    return taken;
  }
}

Error too_long(const std::string& peer, std::size_t output_max) {
  return make_error(
      ErrorKind::too_large, kRun, peer,
      "its output is longer than " + std::to_string(output_max) + " bytes; the command was killed",
      "raise CollectOptions::output_max, or take the output in pieces");
}

/// Returns sinks that keep the output in `done`, also the piece with which it becomes too long.
CommandSinks collecting(const CollectOptions& options, CommandInput input, CompletedCommand& done) {
  const auto keep_in = [&done, max = options.output_max](std::string& text) {
    return [&done, &text, max](Bytes piece) {
      text += as_text(piece);
      return done.output.size() + done.error.size() <= max;
    };
  };
  CommandSinks sinks{.on_output = keep_in(done.output), .on_error = keep_in(done.error)};
  if (input == CommandInput::none) return sinks;
  sinks.next_input = [left = options.input]() mutable -> Result<Bytes> {
    return std::exchange(left, Bytes());
  };
  return sinks;
}

}  // namespace

CommandClient::CommandClient(Session session, std::string peer)
    : session_(std::move(session)), peer_(std::move(peer)) {}

Result<CommandClient> CommandClient::open(Stream stream, const CommandClientOptions& options) {
  std::string peer = stream.peer().to_string();
  auto session = Session::start(std::move(stream), SessionRole::client, session_options(options));
  if (!session) return fail(std::move(session.error()));
  return CommandClient(std::move(*session), std::move(peer));
}

Result<RunningCommand> CommandClient::begin(std::unique_ptr<RunningCommand::State> state,
                                            Bytes request, Deadline deadline) {
  auto opened = session_.open(flows_of(services::RequestKind::run), request, deadline);
  if (!opened) {
    const std::string_view operation = state->request.reading.operation;
    return fail(error_of_request(std::move(opened.error()), operation, peer_));
  }
  auto stream = std::make_shared<SessionStream>(std::move(*opened));
  state->reader.begin(stream);
  if (auto begun = state->sender.begin(std::move(stream), deadline); !begun) {
    return fail(std::move(begun.error()));
  }
  return RunningCommand(std::move(state));
}

Result<RunningCommand> CommandClient::start(RemoteCommand command, Deadline deadline) {
  const bool is_job = command.keep || command.is_detached;
  if (is_job && !command.key) command.key = random_key();
  if (auto checked = command.check(); !checked) return fail(std::move(checked.error()));
  const std::string request = services::encode_request(command);
  RunningCommand::State::Request asked{
      .reading = {.operation = kRun,
                  .on_excess = command.on_excess,
                  .is_detached = command.is_detached},
      .sending = {.has_input = command.input == CommandInput::stream,
                  .is_kept = is_job,
                  .has_terminal = command.terminal.has_value()}};
  if (is_job) asked.again = request;
  return begin(std::make_unique<RunningCommand::State>(std::move(asked), peer_), as_bytes(request),
               deadline);
}

Result<RunningCommand> CommandClient::attach(JobId job, const Attachment& attachment,
                                             Deadline deadline) {
  if (attachment.output_offset.has_value() != attachment.error_offset.has_value()) {
    return fail(make_error(ErrorKind::invalid_argument, kAttach, peer_,
                           "one of the two offsets is missing", "give both or none"));
  }
  RunningCommand::State::Request asked{
      .reading = {.operation = kAttach, .on_excess = OutputExcess::truncate, .from = std::nullopt},
      .sending = {.has_input = attachment.input == CommandInput::stream,
                  .is_kept = true,
                  .has_terminal = true,
                  .input_begin = attachment.input_begin}};
  if (attachment.output_offset) {
    asked.reading.from = {{*attachment.output_offset, *attachment.error_offset}};
  }
  const std::string request =
      services::encode_request(services::AttachRequest{.job = job,
                                                       .output_offset = attachment.output_offset,
                                                       .error_offset = attachment.error_offset,
                                                       .input = attachment.input});
  asked.again = request;
  return begin(std::make_unique<RunningCommand::State>(std::move(asked), peer_), as_bytes(request),
               deadline);
}

Result<CommandExit> CommandClient::run(const RemoteCommand& command, const CommandSinks& sinks,
                                       Deadline deadline) {
  auto running = start(command, deadline);
  if (!running) return fail(std::move(running.error()));
  auto exit = running->follow(sinks, deadline);
  if (exit) return exit;
  running->abort();
  return fail(error_of_request(std::move(exit.error()), kRun, peer_));
}

Result<CompletedCommand> CommandClient::run(std::vector<std::string> words,
                                            const CollectOptions& options) {
  return run(RemoteCommand{.program = CommandWords{std::move(words)}}, options);
}

Result<CompletedCommand> CommandClient::run(const RemoteCommand& command,
                                            const CollectOptions& options) {
  RemoteCommand with_input = command;
  if (!options.input.empty()) with_input.input = CommandInput::stream;
  const CommandInput input = with_input.input;
  auto running = start(std::move(with_input), options.deadline);
  if (!running) return fail(std::move(running.error()));
  CompletedCommand done;
  auto exit = running->follow(collecting(options, input, done), options.deadline);
  if (!exit) {
    running->abort();
    const bool is_whole = done.output.size() + done.error.size() <= options.output_max;
    return fail(is_whole ? error_of_request(std::move(exit.error()), kRun, peer_)
                         : too_long(peer_, options.output_max));
  }
  done.exit = std::move(*exit);
  done.dropped_bytes = running->dropped_bytes();
  if (const auto& answer = running->state_->reader.answer()) done.job = answer->job;
  return done;
}

Result<std::vector<JobEntry>> CommandClient::list(Deadline deadline) {
  std::vector<JobEntry> jobs;
  auto asked = ask(*this, services::ListRequest{}, deadline, [&](Bytes payload) -> Result<void> {
    auto job = services::decode_job(payload);
    if (!job) return fail(violation(peer_, std::move(job.error().text)));
    jobs.push_back(std::move(*job));
    return {};
  });
  if (!asked) return fail(std::move(asked.error()));
  return jobs;
}

Result<void> CommandClient::signal(JobId job, int number, Deadline deadline) {
  if (signal_name(number).empty()) {
    return fail(make_error(ErrorKind::invalid_argument, "signal a job at", peer_,
                           "signal " + std::to_string(number) + " has no standard name"));
  }
  return ask(*this, services::SignalRequest{.job = job, .signal = number}, deadline);
}

Result<void> CommandClient::forget(JobId job, Deadline deadline) {
  return ask(*this, services::ForgetRequest{.job = job}, deadline);
}

}  // namespace hotline
