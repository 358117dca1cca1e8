#include "cli/followed_command.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

#include "cli/exit_status.h"
#include "cli/report.h"
#include "cli/standard_input.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kInputBytes = 64 * 1024;

/// How long a request may wait for room to be sent.
constexpr Duration kRequestPatience = std::chrono::seconds(1);

}  // namespace

Result<CommandExit> FollowedCommand::follow(const FollowOptions& options) {
  auto signals = Signals::block(without_ignored({SIGINT, SIGTERM}));
  if (!signals) return fail(std::move(signals.error()));
  Result<CommandExit> exit = CommandExit{};
  TaskGroup fibers({.on_throw = OnThrow::cancels_others});
  auto spawned = fibers.spawn("signals", [&] { obey_signals(*signals, options); });
  if (spawned && options.input == InputUse::sent) {
    spawned = fibers.spawn("input", [&] { send_input(); });
  }
  if (spawned) {
    spawned = fibers.spawn("output", [&] {
      // A reader of standard output that does not read blocks the thread, and nothing else.
      auto passed = offload([&] { return pass_output(options.deadline); });
      exit = passed ? std::move(*passed) : fail(std::move(passed.error()));
      fibers.cancel();
    });
  }
  if (!spawned) {
    command_.abort();
    return fail(std::move(spawned.error()));
  }
  if (auto joined = fibers.join(); !joined) return fail(std::move(joined.error()));
  return exit;
}

Result<CommandExit> FollowedCommand::pass_output(Deadline deadline) {
  for (;;) {
    const auto event = command_.next(deadline);
    if (!event) {
      if (event.error().kind == ErrorKind::timed_out) command_.abort();
      return fail(event.error());
    }
    if (event->kind == CommandEvent::Kind::ended) return command_.result();
    const bool is_output = event->kind == CommandEvent::Kind::output;
    if (sink_(is_output ? StandardStream::output : StandardStream::error, event->bytes)) continue;
    command_.abort();
    return command_.result();
  }
}

void FollowedCommand::send_input() {
  std::string room(kInputBytes, '\0');
  for (;;) {
    if (const auto ready = StandardInput::wait_ready(); !ready) {
      if (ready.error().kind == ErrorKind::cancelled) return;
      // Without a standard input it is empty. After another failure its end would not be true.
      if (ready.error().native_code == EBADF) return discard(command_.end_input());
      input_failure_ = ready.error().native_code == 0 ? ENOMEM : ready.error().native_code;
      return command_.abort();
    }
    const std::ptrdiff_t count = StandardInput::read(as_writable_bytes(room));
    if (count == 0 || count == -EBADF) return discard(command_.end_input());
    if (count < 0) {
      input_failure_ = static_cast<int>(-count);
      return command_.abort();
    }
    const Bytes piece = as_bytes(room).first(static_cast<std::size_t>(count));
    // Why it failed is known to the reader of the outputs.
    if (!command_.write_input(piece)) return;
  }
}

void FollowedCommand::obey_signals(Signals& signals, const FollowOptions& options) {
  if (!signals.wait()) return;
  const Deadline deadline = deadline_after(kRequestPatience);
  if (options.on_interrupt == OnInterrupt::detaches) {
    has_detached_ = command_.detach(deadline).has_value();
    report_note_in_time("left: the command goes on as a job", options.form);
  } else {
    report_note_in_time(
        "cancelling the remote command; ^C again leaves without waiting for its end", options.form);
    discard(command_.cancel(deadline));
  }
  if (!signals.wait()) return;
  report_note_in_time("left: how the remote command ended is not known", options.form);
  std::_Exit(static_cast<int>(ExitStatus::no_reply));
}

}  // namespace hotline::cli
