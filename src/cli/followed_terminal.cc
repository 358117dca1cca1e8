#include "cli/followed_terminal.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "cli/exit_status.h"
#include "cli/report.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {
namespace {

constexpr std::size_t kKeyBytes = 4096;

/// How long a request may wait for room to be sent.
constexpr Duration kLeavePatience = std::chrono::seconds(1);

constexpr std::chrono::seconds kHelpPatience{1};

// Written while the terminal is raw.
constexpr char kEscapeHelp[] =
    "\r\n"
    "~.   leave this connection\r\n"
    "~^Z  stop this program\r\n"
    "~?   this list\r\n"
    "~~   a ~\r\n"
    "at the beginning of a line only\r\n";

}  // namespace

Result<CommandExit> FollowedTerminal::follow(const TerminalFollowing& options) {
  auto signals = Signals::block(without_ignored({SIGINT, SIGTERM}));
  if (!signals) return fail(std::move(signals.error()));
  Result<CommandExit> exit = CommandExit{};
  TaskGroup fibers({.on_throw = OnThrow::cancels_others});
  auto spawned = fibers.spawn("signals", [&] { obey_signals(*signals, options); });
  if (spawned) spawned = fibers.spawn("keys", [&] { read_keys(options); });
  if (spawned) spawned = fibers.spawn("input", [&] { send_keys(); });
  if (spawned) spawned = fibers.spawn("window", [&] { send_sizes(); });
  if (spawned) {
    spawned = fibers.spawn("output", [&] {
      // A terminal that takes nothing blocks the thread, and nothing else.
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

Result<CommandExit> FollowedTerminal::pass_output(Deadline deadline) {
  for (;;) {
    const auto event = command_.next(deadline);
    if (!event) {
      if (event.error().kind == ErrorKind::timed_out) command_.abort();
      return fail(event.error());
    }
    if (event->kind == CommandEvent::Kind::ended) return command_.result();
    is_within_line_ = !as_text(event->bytes).ends_with('\n');
    output_failure_ = write_standard(StandardStream::output, as_text(event->bytes));
    if (output_failure_ == 0) continue;
    command_.abort();
    return command_.result();
  }
}

void FollowedTerminal::read_keys(const TerminalFollowing& options) {
  std::array<std::byte, kKeyBytes> room;
  EscapeKeys escapes;
  for (;;) {
    const auto size = terminal_.read_some(room);
    // A terminal that has hung up sends SIGHUP too.
    if (!size) return keys_.close();
    for (Bytes typed = Bytes(room).first(*size); !typed.empty();) {
      EscapeKeys::Taken taken = escapes.take(typed);
      typed = typed.subspan(taken.size);
      if (!taken.keys.empty() && !keys_.is_closed()) discard(keys_.push(std::move(taken.keys)));
      obey(taken.escape, options);
    }
  }
}

void FollowedTerminal::obey(EscapeKeys::Escape escape, const TerminalFollowing& options) {
  switch (escape) {
    case EscapeKeys::Escape::none: return;
    case EscapeKeys::Escape::leave: leave(options);
    case EscapeKeys::Escape::stop: return terminal_.stop_program();
    case EscapeKeys::Escape::help:
      write_standard_within(StandardStream::output, kEscapeHelp, kHelpPatience);
  }
}

void FollowedTerminal::send_keys() {
  while (const auto keys = keys_.pop()) {
    // Why it failed is known to the reader of the output.
    if (!command_.write_input(as_bytes(*keys))) return keys_.close();
  }
  discard(command_.end_input());
}

void FollowedTerminal::send_sizes() {
  do {
    const auto size = terminal_.size();
    if (size && !command_.resize(*size)) return;
  } while (terminal_.wait_resize());
}

void FollowedTerminal::obey_signals(Signals& signals, const TerminalFollowing& options) {
  if (!signals.wait()) return;
  terminal_.restore();
  const Deadline deadline = deadline_after(kLeavePatience);
  if (options.on_interrupt == OnInterrupt::detaches) {
    has_detached_ = command_.detach(deadline).has_value();
    note(options.left);
  } else {
    note("cancelling the remote command; another signal leaves without waiting for its end");
    discard(command_.cancel(deadline));
  }
  if (!signals.wait()) return;
  leave(options);
}

/// The server notices that the connection has ended, as soon as it can.
void FollowedTerminal::leave(const TerminalFollowing& options) {
  terminal_.restore();
  note(options.left);
  std::_Exit(static_cast<int>(ExitStatus::no_reply));
}

/// Prints a note on a line of its own.
void FollowedTerminal::note(std::string_view text) const {
  if (is_within_line_) print_line_in_time("");
  report_note_in_time(text, OutputForm::text);
}

}  // namespace hotline::cli
