#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "cli/escape_keys.h"
#include "cli/followed_command.h"
#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/queue.h"
#include "hotline/engine/raw_terminal.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/services/running_command.h"

namespace hotline::cli {

/// How a command on a terminal is followed to its end.
struct TerminalFollowing {
  OnInterrupt on_interrupt = OnInterrupt::cancels;
  std::string left{};  ///< The note when this program leaves without waiting for an end.
  Deadline deadline = Deadline::never();
};

/// A remote command on a terminal, and the terminal of this program as its keys and its screen.
class FollowedTerminal {
 public:
  /// Both must outlive this object.
  FollowedTerminal(RunningCommand& command, RawTerminal& terminal)
      : command_(command), terminal_(terminal) {}

  /// Passes keys, changes of the window and output on until the command has ended. Returns how it
  /// has ended, if that is proven: see RunningCommand::result(). The terminal may have been
  /// restored. The first SIGINT or SIGTERM, unless it is ignored, does what `options` say; the
  /// second one, and the escape `~.`, end this program with status 255. Fails with `timed_out` at
  /// the deadline; the command is aborted then. For a thread without a loop.
  Result<CommandExit> follow(const TerminalFollowing& options);

  /// Returns true if a signal has detached it.
  bool has_detached() const { return has_detached_; }

  /// Returns the errno of the write to standard output that failed, or 0. The command was aborted.
  int output_failure() const { return output_failure_; }

  /// Returns true if the output has left the cursor within a line.
  bool is_within_line() const { return is_within_line_; }

 private:
  Result<CommandExit> pass_output(Deadline deadline);
  void read_keys(const TerminalFollowing& options);
  void obey(EscapeKeys::Escape escape, const TerminalFollowing& options);
  void send_keys();
  void send_sizes();
  void obey_signals(Signals& signals, const TerminalFollowing& options);
  [[noreturn]] void leave(const TerminalFollowing& options);
  void note(std::string_view text) const;

  RunningCommand& command_;
  RawTerminal& terminal_;
  /// Between the reader of the keys and their sender: `~.` is read while the connection hangs.
  Queue<std::string> keys_{256};
  bool has_detached_ = false;
  int output_failure_ = 0;
  std::atomic<bool> is_within_line_ = false;
};

}  // namespace hotline::cli
