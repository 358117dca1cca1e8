#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "cli/json_line.h"
#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/services/running_command.h"

namespace hotline::cli {

/// What a remote command reads: nothing, or the standard input of this program.
enum class InputUse : std::uint8_t { none, sent };

/// What the first SIGINT or SIGTERM does.
enum class OnInterrupt : std::uint8_t {
  cancels,   ///< The server kills the command.
  detaches,  ///< The command goes on as a job.
};

/// How a remote command is followed to its end.
struct FollowOptions {
  InputUse input = InputUse::none;
  OutputForm form = OutputForm::text;  ///< How notes are written.
  Deadline deadline = Deadline::never();
  OnInterrupt on_interrupt = OnInterrupt::cancels;
};

/// Passes the output of a remote command on, and the standard input and the signals of this program
/// to it.
class FollowedCommand {
 public:
  /// Gets a piece of an output, for which it may block; returns false to abort the command. Called
  /// on one thread at a time, which is not that of follow().
  using Sink = std::function<bool(StandardStream to, Bytes piece)>;

  /// `command` must outlive this object.
  FollowedCommand(RunningCommand& command, Sink sink) : command_(command), sink_(std::move(sink)) {}

  /// Returns how the command has ended, if that is proven: see RunningCommand::result(). The first
  /// SIGINT or SIGTERM, unless it is ignored, does what `options` say, with a note; the second
  /// ends this program with status 255. Fails with `timed_out` at the deadline; the command is
  /// aborted then. For a thread without a loop.
  Result<CommandExit> follow(const FollowOptions& options);

  /// Returns true if a signal has detached it.
  bool has_detached() const { return has_detached_; }

  /// Returns the errno of the read of standard input that failed, or 0. The command was aborted.
  int input_failure() const { return input_failure_; }

 private:
  Result<CommandExit> pass_output(Deadline deadline);
  void send_input();
  void obey_signals(Signals& signals, const FollowOptions& options);

  RunningCommand& command_;
  Sink sink_;
  int input_failure_ = 0;
  bool has_detached_ = false;
};

}  // namespace hotline::cli
