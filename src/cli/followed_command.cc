#include "cli/followed_command.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "cli/exit_status.h"
#include "cli/report.h"
#include "hotline/core/duration.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/offload.h"

namespace hotline::cli {
namespace {

/// How long a request may wait for room to be sent.
constexpr Duration kRequestPatience = std::chrono::seconds(1);

Error takes_no_input(const CommandStart& start) {
  return make_error(ErrorKind::closed, "send input to the job", start.job.text(),
                    "it was started without input, or its input has ended", "leave out --input");
}

}  // namespace

Result<CommandExit> FollowedCommand::follow(const FollowOptions& options) {
  auto signals = Signals::block(without_ignored({SIGINT, SIGTERM}));
  if (!signals) return fail(std::move(signals.error()));
  Result<CommandExit> exit = CommandExit{};
  TaskGroup fibers({.on_throw = OnThrow::cancels_others});
  auto spawned = fibers.spawn("signals", [&] { obey_signals(*signals, options, fibers); });
  if (spawned) {
    spawned = fibers.spawn("command", [&] {
      exit = follow_over_links(options);
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

Result<CommandExit> FollowedCommand::follow_over_links(const FollowOptions& options) {
  for (;;) {
    auto exit = follow_over_link(options);
    if (exit || !can_restore()) return exit;
    if (auto restored = restore(options.deadline); !restored) {
      return fail(std::move(restored.error()));
    }
  }
}

/// Follows it to its end, or to that of the connection.
Result<CommandExit> FollowedCommand::follow_over_link(const FollowOptions& options) {
  TaskGroup sending({.on_throw = OnThrow::cancels_others});
  if (options.input == InputUse::sent) {
    auto spawned = sending.spawn("input", [&] { input_.send(command_); });
    if (!spawned) {
      command_.abort();
      return fail(std::move(spawned.error()));
    }
  }
  auto passed = pass_output(options);
  sending.cancel();
  if (auto joined = sending.join(); !joined) return fail(std::move(joined.error()));
  return passed;
}

Result<CommandExit> FollowedCommand::pass_output(const FollowOptions& options) {
  if (auto begun = wait_start(options); !begun) return fail(std::move(begun.error()));
  // Most commands write little, which needs no thread.
  auto left = pass_pieces(options, OnNoRoom::leaves);
  if (!left) return fail(std::move(left.error()));
  if (!*left) return command_.result();
  // A reader of standard output that does not read blocks that thread, and nothing else.
  auto passed = offload([this, &options, event = **left] { return pass_rest(event, options); });
  if (!passed) return fail(std::move(passed.error()));
  return std::move(*passed);
}

Result<void> FollowedCommand::wait_start(const FollowOptions& options) {
  // Why it has not started is what next() says too.
  const auto start = command_.started(options.deadline);
  if (!start || start_) return {};
  start_ = *start;
  if (options.input == InputUse::sent && !start->takes_input) return fail(takes_no_input(*start));
  return {};
}

/// Passes output on to the end of the command, or of the following. Returns a piece for which the
/// sink has no room.
Result<std::optional<CommandEvent>> FollowedCommand::pass_pieces(const FollowOptions& options,
                                                                 OnNoRoom then) {
  for (;;) {
    auto event = command_.next(options.deadline);
    if (!event) {
      if (event.error().kind == ErrorKind::timed_out) command_.abort();
      return fail(std::move(event.error()));
    }
    if (event->kind == CommandEvent::Kind::ended) return std::nullopt;
    if (!pass(event->kind, event->bytes, options, then)) return std::nullopt;
    if (then == OnNoRoom::leaves && !event->bytes.empty()) return *event;
  }
}

/// Returns false if the sink has ended the following.
bool FollowedCommand::pass(CommandEvent::Kind kind, Bytes& piece, const FollowOptions& options,
                           OnNoRoom then) {
  const bool is_output = kind == CommandEvent::Kind::output;
  if (sink_(is_output ? StandardStream::output : StandardStream::error, piece, then)) return true;
  leave_early(options);
  return false;
}

Result<CommandExit> FollowedCommand::pass_rest(CommandEvent first, const FollowOptions& options) {
  if (pass(first.kind, first.bytes, options, OnNoRoom::waits)) {
    const auto ended = pass_pieces(options, OnNoRoom::waits);
    if (!ended) return fail(ended.error());
  }
  return command_.result();
}

/// Leaves a job running, and aborts a command that is none.
void FollowedCommand::leave_early(const FollowOptions& options) {
  if (options.on_interrupt == OnInterrupt::detaches) {
    has_detached_ = command_.detach(deadline_after(kRequestPatience)).has_value();
    if (has_detached_) return;
  }
  command_.abort();
}

bool FollowedCommand::can_restore() const {
  return !is_leaving_ && command_.can_resume() && link_.can_restore();
}

Result<void> FollowedCommand::restore(Deadline deadline) {
  is_restoring_ = true;
  auto restored = link_.restore(command_, deadline);
  is_restoring_ = false;
  // The server may not have got it over the lost connection.
  if (restored && is_cancelled_) discard(command_.cancel(deadline_after(kRequestPatience)));
  return restored;
}

void FollowedCommand::obey_signals(Signals& signals, const FollowOptions& options,
                                   TaskGroup& fibers) {
  if (!signals.wait()) return;
  if (is_restoring_) return fibers.cancel();
  obey_first(options);
  if (!signals.wait()) return;
  if (is_restoring_) return fibers.cancel();
  report_note_in_time(leaving_note(options), options.form);
  std::_Exit(static_cast<int>(ExitStatus::no_reply));
}

std::string FollowedCommand::leaving_note(const FollowOptions& options) const {
  const std::string note = "left: how the remote command ended is not known";
  if (!start_ || !start_->keep) return note;
  return note + "; the server keeps that for " + format_duration(*start_->keep) +
         ": 'hotline attach " + options.endpoint + ' ' + start_->job.text() + "'";
}

void FollowedCommand::obey_first(const FollowOptions& options) {
  const Deadline deadline = deadline_after(kRequestPatience);
  if (options.on_interrupt == OnInterrupt::detaches) {
    is_leaving_ = true;
    has_detached_ = command_.detach(deadline).has_value();
    if (has_detached_) report_note_in_time("left: the command goes on as a job", options.form);
    return;
  }
  is_cancelled_ = true;
  report_note_in_time("cancelling the remote command; ^C again leaves without waiting for its end",
                      options.form);
  discard(command_.cancel(deadline));
}

}  // namespace hotline::cli
