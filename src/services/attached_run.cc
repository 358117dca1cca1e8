#include "services/attached_run.h"

#include <variant>

#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"

namespace hotline::services {

void AttachedRun::run(const std::function<void(const CommandExit&)>& on_exit) {
  const DrainHold hold;
  TaskGroup fibers;
  const auto watching = fibers.spawn("command client", [this] { watch_client(); });
  const auto writing = fibers.spawn("command input", [this] { pass_input(); });
  if (!watching || !writing) command_.kill(ExitKind::lost);
  const CommandExit exit = command_.run();
  is_over_ = true;
  on_exit(exit);
  send_end(exit);
  fibers.cancel();
  discard(fibers.join());
}

/// Kills the command as soon as no one would get its result.
void AttachedRun::watch_client() {
  const DrainHold hold;
  if (client_.take_messages([this](const ClientMessage& message) { take(message); })) {
    client_.wait_cut();
  }
  if (!is_over_) command_.kill(ExitKind::cancelled);
}

void AttachedRun::take(const ClientMessage& message) {
  if (const auto* const sent = std::get_if<SignalMessage>(&message)) {
    // The command may have ended at the same moment.
    discard(command_.process().send_signal(sent->signal));
  } else if (const auto* const resized = std::get_if<ResizeMessage>(&message)) {
    discard(resize(command_.process(), resized->size));
  } else if (std::holds_alternative<CancelMessage>(message)) {
    command_.kill(ExitKind::cancelled);
  }
}

void AttachedRun::pass_input() {
  const DrainHold hold;
  client_.take_input([this](Bytes bytes) { write_input(bytes); },
                     [this] { command_.process().close_input(); });
}

/// A command that does not read its input any more loses the rest.
void AttachedRun::write_input(Bytes bytes) {
  while (!bytes.empty()) {
    const auto written = command_.process().write_some(bytes);
    if (!written) return;
    bytes = bytes.subspan(*written);
  }
}

void AttachedRun::send_end(const CommandExit& exit) {
  const auto ended = client_.send_outputs_end(trailer_of(OutputStream::standard_output),
                                              trailer_of(OutputStream::standard_error));
  if (ended) discard(client_.send_exit(exit));
}

OutputTrailer AttachedRun::trailer_of(OutputStream output) const {
  const std::uint64_t digest = command_.digest(output).value();
  return {.flow = digest, .whole = digest, .dropped = command_.dropped(output)};
}

}  // namespace hotline::services
