#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/net/stream.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/job_entry.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"
#include "hotline/services/running_command.h"
#include "hotline/session/session.h"

namespace hotline HOTLINE_PUBLIC {

/// The session of a CommandClient: members of SessionOptions.
struct CommandClientOptions {
  std::uint32_t commands_max = 1'024;  ///< Requests at once; further ones wait. The server has a
                                       ///< limit of its own.
  Duration hello_timeout = std::chrono::seconds(10);
  Duration heartbeat = std::chrono::seconds(15);
  Duration silence_max = std::chrono::seconds(45);
};

/// How CommandClient::run() collects a command.
struct CollectOptions {
  Bytes input{};  ///< The standard input. The command gets it if the bytes are not empty, or it has
                  ///< CommandInput::stream.
  std::size_t output_max = std::size_t{64} << 20;  ///< Bytes of both outputs together.
  Deadline deadline = Deadline::never();
};

/// A command that has ended, and all of its output. A value.
struct CompletedCommand {
  std::string output{};  ///< Untrusted, as the next.
  std::string error{};   ///< Its standard error.
  CommandExit exit{};
  std::uint64_t dropped_bytes = 0;  ///< Of the output, by the server: CommandExit::is_truncated.
  std::optional<JobId> job{};       ///< Absent if it could not be started.

  /// Returns true only if the command exited with status 0.
  bool is_success() const { return exit.is_success(); }
};

/// The client of the service `command` on its wire `hotline`, docs/wire/remote.md: runs commands on
/// another machine, many at once over one connection, and never takes anything but a proven end of
/// a command for its result.
///
///     auto client = CommandClient::open(*connect("unix:///run/commands.sock"));
///     auto done = client->run({"uname", "-a"});
///     if (done && done->is_success()) print(done->output);
///
/// Any thread may call any function, and many at once. Only open() and the destructor belong
/// together: see Session. Works in simulated worlds. Move only. No RunningCommand needs it after
/// start(), but without it their connection is broken.
class CommandClient {
 public:
  /// Begins a session over `stream`. Does not wait for the server. Fails as Session::start().
  static Result<CommandClient> open(Stream stream, const CommandClientOptions& options = {});

  // The following wait for the server. They fail with `timed_out` and `cancelled`, as
  // refusal_error() if the server refuses, as Session::failure() if the connection has broken, and
  // with `draining` after finish().

  /// Runs a program with arguments, without a shell, and returns its whole output. Fails as the
  /// next.
  Result<CompletedCommand> run(std::vector<std::string> words, const CollectOptions& options = {});

  /// Runs a command, and returns its whole output. That the command fails, or cannot be started, is
  /// in CompletedCommand::exit. Fails as start() and RunningCommand::next(), and with `too_large`
  /// if the output is longer than CollectOptions::output_max. If it fails, it aborts the command.
  Result<CompletedCommand> run(const RemoteCommand& command, const CollectOptions& options = {});

  /// The same, but passes the output on as it arrives: see RunningCommand::follow(). If it fails,
  /// it aborts the command.
  Result<CommandExit> run(const RemoteCommand& command, const CommandSinks& sinks,
                          Deadline deadline = Deadline::never());

  /// Sends a command to the server, and does not wait for its answer. If it is to be kept or
  /// detached, and has no key, it gets a random one. Fails as RemoteCommand::check(); then, as
  /// after every other failure, the server has not got it.
  Result<RunningCommand> start(RemoteCommand command, Deadline deadline = Deadline::never());

  /// Which part of a job's output attach() is to bring, and what else.
  struct Attachment {
    /// Absent: all that the server keeps. Both or none.
    std::optional<std::uint64_t> output_offset{};
    std::optional<std::uint64_t> error_offset{};
    CommandInput input = CommandInput::none;  ///< `stream`: this client goes on with the input.
    InputBegin input_begin = InputBegin::first_byte;  ///< What it writes first.
  };

  /// Attaches to a job; a client that was attached to it before is cut off.
  Result<RunningCommand> attach(JobId job, const Attachment& attachment,
                                Deadline deadline = Deadline::never());
  Result<RunningCommand> attach(JobId job, Deadline deadline = Deadline::never()) {
    return attach(job, Attachment{}, deadline);
  }

  /// Returns the jobs of this caller: all, or an error.
  Result<std::vector<JobEntry>> list(Deadline deadline = Deadline::never());

  /// Sends a signal to a job. Fails with `invalid_argument` if the signal has no signal_name().
  Result<void> signal(JobId job, int number, Deadline deadline = Deadline::never());

  /// Ends a job if it runs, and drops its output.
  Result<void> forget(JobId job, Deadline deadline = Deadline::never());

  /// Ends the session in order: waits until all commands have ended. Fails as Session::finish().
  Result<void> finish(Deadline deadline = Deadline::never()) { return session_.finish(deadline); }

  /// Returns why the connection cannot be used any more; nullopt if it can.
  std::optional<Error> failure() const { return session_.failure(); }

  /// Returns the session below.
  Session& session() { return session_; }

  /// Returns the server as errors show it.
  const std::string& peer() const { return peer_; }

 private:
  CommandClient(Session session, std::string peer);

  Result<RunningCommand> begin(std::unique_ptr<RunningCommand::State> state, Bytes request,
                               Deadline deadline);

  Session session_;
  std::string peer_;
};

}  // namespace hotline
