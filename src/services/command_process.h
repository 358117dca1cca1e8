#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/process.h"
#include "hotline/services/command_exit.h"
#include "hotline/services/remote_command.h"
#include "services/output_digest.h"

namespace hotline::services {

/// Both outputs of a command.
inline constexpr std::array kOutputStreams{OutputStream::standard_output,
                                           OutputStream::standard_error};

/// Changes the size of the terminal of a command.
inline Result<void> resize(Process& process, TerminalSize size) {
  return process.resize(static_cast<std::uint16_t>(size.rows),
                        static_cast<std::uint16_t>(size.columns));
}

/// Where the outputs of a command go. Each output is used by one fiber.
class OutputSink {
 public:
  OutputSink() = default;
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;
  virtual ~OutputSink() = default;

  /// Waits until there is room for bytes of `output`, and returns for how many. The command waits
  /// as long. Fails if none can be taken any more.
  virtual Result<std::size_t> wait_room(OutputStream output) = 0;

  /// Takes bytes, no more than there is room for.
  virtual Result<void> put(OutputStream output, Bytes bytes) = 0;
};

/// What limits a command.
struct CommandBounds {
  ClockReading begun = read_clocks();  ///< When its start was asked for.
  Duration timeout = kNoTimeout;
  std::optional<std::uint64_t> output_max{};  ///< For both outputs together.
  OutputExcess on_excess = OutputExcess::kill;
  /// After the command has ended: the longest silence of descendants that still have an output
  /// open, and how long they may go on writing.
  Duration quiet = std::chrono::milliseconds(250);
  Duration drain = std::chrono::seconds(5);
};

/// A command that runs: reads its outputs, as fast as their sink takes them, and finds out how it
/// ends. One loop.
class CommandProcess {
 public:
  /// `sink` must outlive this object.
  CommandProcess(std::unique_ptr<Process> process, const CommandBounds& bounds, OutputSink& sink);

  /// Runs the command to its end, until its outputs have been passed on. Nothing of it is left
  /// then. Suspends the fiber. If the fiber is cancelled, the command is killed, and the result is
  /// `server_ended`.
  CommandExit run();

  /// Kills the command and all that it has started; run() then returns `why`. Has no effect after
  /// an earlier call.
  void kill(ExitKind why);

  Process& process() { return *process_; }

  /// Returns the digest of what the sink has got of an output.
  const OutputDigest& digest(OutputStream output) const { return outputs_[index(output)].digest; }

  /// Returns how many bytes of an output were dropped because of the limit.
  std::uint64_t dropped(OutputStream output) const { return outputs_[index(output)].dropped; }

 private:
  struct Output {
    OutputDigest digest{};
    std::uint64_t dropped = 0;
    bool has_ended = false;
    bool is_blocked = false;  ///< Its sink has no room.
  };

  static std::size_t index(OutputStream output) { return static_cast<std::size_t>(output); }
  void read_and_wait();
  void wait_for_end();
  Result<ProcessEnd> wait_in_time();
  void wait_for_outputs();
  bool have_ended() const { return outputs_[0].has_ended && outputs_[1].has_ended; }
  void try_read_all(OutputStream which);
  void read_all(OutputStream which);
  Result<std::size_t> read(OutputStream which, MutableBytes into);
  Result<void> pass_on(OutputStream which, Bytes bytes);
  void note_sink_failure(const Error& error);
  void finish();
  CommandExit exit() const;

  std::unique_ptr<Process> process_;
  CommandBounds bounds_;
  OutputSink& sink_;
  std::array<Output, 2> outputs_;
  std::uint64_t passed_on_ = 0;  ///< The bytes of both outputs.
  std::optional<ProcessEnd> end_;
  std::optional<Error> lost_;       ///< Why it is not known how the command ended.
  std::optional<ExitKind> killed_;  ///< Why this object has killed it.
  bool is_held_ = false;
  Event output_ended_;
  Instant last_output_{};
  ClockReading ended_{};
};

}  // namespace hotline::services
