#include "hotline/services/running_command.h"

#include <utility>

#include "hotline/engine/task_group.h"
#include "hotline/services/command_client.h"
#include "services/command_request.h"
#include "services/running_command_state.h"

namespace hotline {

using services::AttachRequest;
using services::RequestKind;

namespace {

/// Calls the sinks until the end of the command.
Result<CommandExit> pass_on(RunningCommand& command, const CommandSinks& sinks, Deadline deadline) {
  if (sinks.on_start) {
    // Why it has not started is what next() says too.
    if (const auto start = command.started(deadline)) sinks.on_start(*start);
  }
  for (;;) {
    const auto event = command.next(deadline);
    if (!event) return fail(event.error());
    if (event->kind == CommandEvent::Kind::ended) return command.result();
    const bool is_output = event->kind == CommandEvent::Kind::output;
    const CommandSinks::Sink& sink = is_output ? sinks.on_output : sinks.on_error;
    if (!sink || sink(event->bytes)) continue;
    command.abort();
    return fail(make_error(ErrorKind::cancelled, "follow a command", {},
                           "its output is not wanted any more"));
  }
}

}  // namespace

RunningCommand::RunningCommand(std::unique_ptr<State> state) : state_(std::move(state)) {}

RunningCommand::RunningCommand(RunningCommand&&) noexcept = default;
RunningCommand& RunningCommand::operator=(RunningCommand&&) noexcept = default;
RunningCommand::~RunningCommand() = default;

Result<CommandStart> RunningCommand::started(Deadline deadline) {
  return state_->reader.started(deadline);
}

Result<CommandEvent> RunningCommand::next(Deadline deadline) {
  return state_->reader.next(deadline);
}

Result<CommandExit> RunningCommand::follow(const CommandSinks& sinks, Deadline deadline) {
  if (!sinks.next_input) return pass_on(*this, sinks, deadline);
  Result<CommandExit> exit = CommandExit{};
  Result<void> fed;
  bool is_read = false;
  // The last one here, because its fibers use the others until it is destroyed.
  TaskGroup both({.on_throw = OnThrow::cancels_others});
  auto spawned = both.spawn("command output", [&] {
    exit = pass_on(*this, sinks, deadline);
    is_read = true;
    both.cancel();
  });
  if (spawned) {
    spawned = both.spawn("command input", [&] {
      auto sent = feed(sinks, deadline);
      if (sent || is_read) return;
      fed = std::move(sent);
      abort();
    });
  }
  if (!spawned) return fail(std::move(spawned.error()));
  if (auto joined = both.join(); !joined) return fail(std::move(joined.error()));
  if (!exit && !fed) return fail(std::move(fed.error()));
  return exit;
}

/// Sends the input to its end, or until that fails, which the reader of the output explains. Fails
/// only as CommandSinks::next_input.
Result<void> RunningCommand::feed(const CommandSinks& sinks, Deadline deadline) {
  State::Feed& input = state_->feed;
  for (;;) {
    if (input.unwritten.empty() && !input.has_ended) {
      const auto piece = sinks.next_input();
      if (!piece) return fail(piece.error());
      input.unwritten = *piece;
      input.has_ended = piece->empty();
    }
    if (input.has_ended) {
      discard(end_input(deadline));
      return {};
    }
    const std::uint64_t before = input_size();
    const auto written = write_input(input.unwritten, deadline);
    input.unwritten = input.unwritten.subspan(input_size() - before);
    if (!written) return {};
  }
}

Result<CommandExit> RunningCommand::result() const { return state_->reader.result(); }

std::uint64_t RunningCommand::dropped_bytes() const { return state_->reader.proof().dropped(); }

std::uint64_t RunningCommand::output_offset() const {
  return state_->reader.proof().output_offset();
}

std::uint64_t RunningCommand::error_offset() const { return state_->reader.proof().error_offset(); }

std::optional<CommandRefusal> RunningCommand::refusal() const { return state_->reader.refusal(); }

bool RunningCommand::can_resume() const {
  const auto& answer = state_->reader.answer();
  if (!state_->reader.is_cut()) return false;
  return answer ? answer->keep.has_value() : !state_->request.again.empty();
}

Result<void> RunningCommand::resume(CommandClient& on, Deadline deadline) {
  if (!can_resume()) {
    return fail(make_error(ErrorKind::invalid_argument, "go on with a command at", on.peer(),
                           "it was not cut off, or the server does not keep it",
                           "ask for that with RemoteCommand::keep"));
  }
  const auto& answer = state_->reader.answer();
  std::string request = state_->request.again;
  if (answer) {
    request = services::encode_request(AttachRequest{
        .job = answer->job,
        .output_offset = output_offset(),
        .error_offset = error_offset(),
        .input = state_->request.sending.has_input ? CommandInput::stream : CommandInput::none});
  }
  auto stream = on.session().open(flows_of(RequestKind::attach), as_bytes(request), deadline);
  if (!stream) return fail(std::move(stream.error()));
  return state_->reader.resume(std::make_shared<SessionStream>(std::move(*stream)), deadline);
}

Result<void> RunningCommand::write_input(Bytes bytes, Deadline deadline) {
  return state_->sender.write(bytes, deadline);
}

Result<void> RunningCommand::end_input(Deadline deadline) {
  return state_->sender.end_input(deadline);
}

std::uint64_t RunningCommand::input_size() const { return state_->sender.input_size(); }

Result<void> RunningCommand::send_signal(int number, Deadline deadline) {
  return state_->sender.send(services::SignalMessage{number}, deadline);
}

Result<void> RunningCommand::resize(TerminalSize size, Deadline deadline) {
  return state_->sender.send(services::ResizeMessage{size}, deadline);
}

Result<void> RunningCommand::cancel(Deadline deadline) { return state_->sender.cancel(deadline); }

Result<void> RunningCommand::detach(Deadline deadline) {
  return state_->sender.send(services::DetachMessage{}, deadline);
}

void RunningCommand::abort() { state_->sender.abort(); }

}  // namespace hotline
