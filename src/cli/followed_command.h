#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "cli/json_line.h"
#include "cli/remote_input.h"
#include "cli/remote_link.h"
#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/signals.h"
#include "hotline/engine/standard_streams.h"
#include "hotline/engine/task_group.h"
#include "hotline/services/running_command.h"

namespace hotline::cli {

/// What a remote command reads: nothing, or the standard input of this program.
enum class InputUse : std::uint8_t { none, sent };

/// What the first SIGINT or SIGTERM does.
enum class OnInterrupt : std::uint8_t {
  cancels,   ///< The server kills the command.
  detaches,  ///< The command goes on as a job.
};

/// What a sink of output does that has no room for all of a piece.
enum class OnNoRoom : std::uint8_t { leaves, waits };

/// How a remote command is followed to its end.
struct FollowOptions {
  std::string endpoint{};  ///< For a note that says how to attach to a job.
  InputUse input = InputUse::none;
  OutputForm form = OutputForm::text;  ///< How notes are written.
  Deadline deadline = Deadline::never();
  OnInterrupt on_interrupt = OnInterrupt::cancels;
};

/// Passes the output of a remote command on, and the standard input and the signals of this program
/// to it.
class FollowedCommand {
 public:
  /// Gets a piece of an output; returns false to end the following, as a signal does, and without a
  /// note. With OnNoRoom::leaves it removes from `piece` what it could take without blocking, and
  /// is called on the loop; with OnNoRoom::waits it takes all, may block, and is called on another
  /// thread. Called on one thread at a time.
  using Sink = std::function<bool(StandardStream to, Bytes& piece, OnNoRoom then)>;

  /// `command` runs over `link`. Both must outlive this object.
  FollowedCommand(RunningCommand& command, RemoteLink& link, Sink sink)
      : command_(command), link_(link), sink_(std::move(sink)) {}

  /// Returns how the command has ended, if that is proven: see RunningCommand::result(). The first
  /// SIGINT or SIGTERM, unless it is ignored, does what `options` say, with a note; the second
  /// ends this program with status 255. If the connection is lost and the link allows it, resumes
  /// the command over another one; a signal during that time leaves at once, with `cancelled`.
  /// Fails with `timed_out` at the deadline; the command is aborted then. Fails with `closed` if
  /// there is input and the command takes none. Output is passed on by the loop until the sink has
  /// no room; from then on by another thread. Suspends the fiber; a thread without a loop blocks.
  Result<CommandExit> follow(const FollowOptions& options);

  /// Returns what the server said when it started the command, or attached to it for the first
  /// time; nullopt if it did not.
  const std::optional<CommandStart>& start() const { return start_; }

  /// Returns true if a signal, or the sink, has detached it.
  bool has_detached() const { return has_detached_; }

  /// Returns the errno of the read of standard input that failed, or 0. The command was aborted.
  int input_failure() const { return input_.failure(); }

 private:
  Result<CommandExit> follow_over_links(const FollowOptions& options);
  Result<CommandExit> follow_over_link(const FollowOptions& options);
  Result<CommandExit> pass_output(const FollowOptions& options);
  Result<void> wait_start(const FollowOptions& options);
  Result<std::optional<CommandEvent>> pass_pieces(const FollowOptions& options, OnNoRoom then);
  bool pass(CommandEvent::Kind kind, Bytes& piece, const FollowOptions& options, OnNoRoom then);
  Result<CommandExit> pass_rest(CommandEvent first, const FollowOptions& options);
  void leave_early(const FollowOptions& options);
  bool can_restore() const;
  Result<void> restore(Deadline deadline);
  void obey_signals(Signals& signals, const FollowOptions& options, TaskGroup& fibers);
  void obey_first(const FollowOptions& options);
  std::string leaving_note(const FollowOptions& options) const;

  RunningCommand& command_;
  RemoteLink& link_;
  Sink sink_;
  RemoteInput input_{};
  std::optional<CommandStart> start_{};
  bool is_cancelled_ = false;  ///< A signal has come that cancels it.
  bool is_leaving_ = false;    ///< The same for one that detaches.
  bool has_detached_ = false;
  bool is_restoring_ = false;
};

}  // namespace hotline::cli
