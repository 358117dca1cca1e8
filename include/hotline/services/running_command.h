#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/command_refusal.h"
#include "hotline/services/job_id.h"
#include "hotline/services/remote_command.h"

namespace hotline HOTLINE_PUBLIC {

class CommandClient;

/// One thing that has arrived for a command.
struct CommandEvent {
  enum class Kind : std::uint8_t {
    output,  ///< `bytes` of standard output.
    error,   ///< `bytes` of standard error.
    ended,   ///< Nothing follows: RunningCommand::result() is known.
  };

  Kind kind = Kind::ended;
  Bytes bytes{};  ///< At least one; valid until the next call of RunningCommand::next(). Untrusted.
};

/// What a server says when it has started a command, or attached to a job. A value.
struct CommandStart {
  JobId job{};
  std::uint32_t pid = 0;                                           ///< At the server. 0: not given.
  std::optional<std::chrono::system_clock::time_point> started{};  ///< By the server's clock.
  bool is_repeated = false;         ///< The server knew the key: this is the first run's job.
  std::uint64_t output_offset = 0;  ///< Where in the command's output this client begins to read.
  std::uint64_t error_offset = 0;   ///< The same for standard error.
  bool has_terminal = false;        ///< The command runs on a terminal.
  bool takes_input = false;         ///< The command takes input from this client.
  std::optional<Duration> keep{};   ///< How long the server keeps the job while no client is
                                    ///< attached. Absent: not at all.
};

/// Which byte of a job's input a client that attaches to it writes first.
enum class InputBegin : std::uint8_t {
  first_byte,  ///< That of the whole input: what the server has already is not sent.
  next_byte,   ///< The one after those that the server has, as at a terminal.
};

/// What RunningCommand::follow() calls. Each may be empty.
struct CommandSinks {
  /// Gets pieces of an output in the order in which they arrive; returns false to abort the
  /// command.
  using Sink = std::function<bool(Bytes piece)>;

  Sink on_output{};
  Sink on_error{};

  /// Called when the server has started the command, or attached it again.
  std::function<void(const CommandStart& start)> on_start{};

  /// Returns the next piece of the standard input, valid until the next call, and an empty one at
  /// its end. It may wait as library functions do: the output goes on. The command needs
  /// CommandInput::stream.
  std::function<Result<Bytes>()> next_input{};
};

/// A command that CommandClient::start() or attach() has sent to a server, and what comes back.
///
///     while (auto event = command.next()) {
///       if (event->kind == CommandEvent::Kind::ended) break;
///       print(event->bytes);
///     }
///     Result<CommandExit> end = command.result();     // a value only if nothing is missing
///
/// While nothing is read, the command waits as soon as it has written as much as the session lets
/// its server send. Standard output and standard error do not stop each other only if both are
/// read, as next() does.
///
/// Three groups of functions may be used by three fibers or threads at once, one in each: the
/// reader's, the writer's, and those that control the command, which any number may call. A writer
/// must not be the reader too, unless the input is short: a command that waits until its output is
/// read does not read its input.
///
/// Valid beyond its CommandClient, as a command whose connection has broken. The destructor, and an
/// assignment, end the stream without waiting: the server then kills the command, unless it is kept
/// (RemoteCommand::keep). No other fiber or thread may use it then. Move only.
class RunningCommand {
 public:
  RunningCommand(RunningCommand&&) noexcept;
  RunningCommand& operator=(RunningCommand&&) noexcept;
  ~RunningCommand();

  // The reader's functions. Where they wait, they fail with `timed_out` at `deadline` and with
  // `cancelled`; nothing is lost then, and they can be called again.

  /// Waits until the server has started the command, and returns what it says. next() does not need
  /// it. Fails as next() does, and as refusal_error() if the program could not be started.
  Result<CommandStart> started(Deadline deadline = Deadline::never());

  /// Returns what has arrived next, after waiting for it. Fails if the server refuses the command
  /// (refusal_error()), if the connection breaks, or if the server breaks the rules of
  /// docs/wire/remote.md; result() and each further call then fail with the same error.
  Result<CommandEvent> next(Deadline deadline = Deadline::never());

  /// Passes everything that arrives to `sinks`, sends the input, and returns result(). Without
  /// CommandSinks::next_input the input is left to write_input() and end_input(). With it, the
  /// sinks are called on fibers. Fails as next(), with `cancelled` if a sink returns false, and
  /// with the error of next_input(); the last two abort the command.
  Result<CommandExit> follow(const CommandSinks& sinks, Deadline deadline = Deadline::never());

  /// Returns how the command has ended, if that is proven: all of its output has arrived unchanged,
  /// and after it the exit. A program that could not be started counts as ended too. Otherwise it
  /// fails: with `truncated` while more is to come or if the connection has broken, with
  /// `cancelled` after detach() and abort(), with `protocol_violation` if what the server sent
  /// cannot be right.
  Result<CommandExit> result() const;

  /// Returns how many bytes the command wrote that the server has dropped, because of
  /// OutputExcess::truncate or a limit. Known when it has ended.
  std::uint64_t dropped_bytes() const;

  /// Returns where the next byte belongs in the command's output: for CommandClient::attach().
  std::uint64_t output_offset() const;
  std::uint64_t error_offset() const;

  /// Returns why the server has refused the request, or the last one of resume(); nullopt if it has
  /// not.
  std::optional<CommandRefusal> refusal() const;

  /// Returns true if next() has failed because the connection broke or another client has attached,
  /// and resume() may find the command: it is kept, has a key, or
  /// was a job before.
  bool can_resume() const;

  /// Goes on over another connection after next() has failed: attaches to the job exactly where its
  /// output was cut off; if the answer to start() had not arrived, it sends the same request with
  /// the same key, which starts nothing twice. Fails with `invalid_argument` unless can_resume(),
  /// as CommandClient::start(), as refusal_error(), and with `protocol_violation` if the server
  /// does not continue exactly. After a failure by the connection it may be called again.
  ///
  /// Input that was written and did not reach the command is sent again by the next write_input()
  /// or end_input(); if the input had been ended, call end_input() again.
  Result<void> resume(CommandClient& on, Deadline deadline = Deadline::never());

  // The writer's functions. They wait for the server's answer, and fail as those of the reader; but
  // why a connection or stream has ended is known to next() only. After a failure that is not the
  // end of the command, input_size() says from where on to write again.

  /// Writes to the standard input of the command, which needs CommandInput::stream. Waits until the
  /// server has credit for the last of the bytes. If an earlier client has written some of the
  /// input, write all of it again: what the server has is not sent (InputBegin). Fails with
  /// `closed` if the command has ended or input is no longer wanted, and with `invalid_argument`
  /// after end_input().
  Result<void> write_input(Bytes bytes, Deadline deadline = Deadline::never());

  /// Ends the standard input, and nothing else. May be called again.
  Result<void> end_input(Deadline deadline = Deadline::never());

  /// Returns how many bytes of input were taken from write_input().
  std::uint64_t input_size() const;

  // Control. The functions wait for the server's answer and for room to send, and fail with
  // `closed` if the command has ended or its connection has broken, with `timed_out` and
  // `cancelled`.

  /// Sends a signal to the process group of the command. Fails with `invalid_argument` if the
  /// signal has no signal_name().
  Result<void> send_signal(int number, Deadline deadline = Deadline::never());

  /// Says that the terminal of the command has another size. Fails with `invalid_argument` if it
  /// has none.
  Result<void> resize(TerminalSize size, Deadline deadline = Deadline::never());

  /// Asks the server to kill the command with all that it has started. Its end is then read as
  /// usual: ExitKind::cancelled, if nothing else was earlier. If the server has not answered yet,
  /// the same as abort(). Waits only for room to send.
  Result<void> cancel(Deadline deadline = Deadline::never());

  /// Leaves: the command goes on as a job. next() returns what is still on the way and then
  /// `ended`; result() fails with `cancelled`. Fails with `invalid_argument` unless the command is
  /// kept.
  Result<void> detach(Deadline deadline = Deadline::never());

  /// Ends the stream at once; the server kills the command, also one that is kept. result() fails
  /// with `cancelled`. Never waits.
  void abort();

 private:
  friend class CommandClient;
  struct State;

  explicit RunningCommand(std::unique_ptr<State> state);

  Result<void> feed(const CommandSinks& sinks, Deadline deadline);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
