#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/public.h"
#include "hotline/core/result.h"
#include "hotline/engine/standard_streams.h"

namespace hotline HOTLINE_PUBLIC {

/// The terminal that is the standard input of this program, in raw mode: each key arrives at once
/// and unchanged, nothing is echoed, ^C and ^Z are bytes and not signals, and a newline that is
/// written moves the cursor down only. For a program that connects its user to a program elsewhere.
///
///     auto terminal = RawTerminal::open();
///     if (!terminal) return fail(terminal.error());
///     std::array<std::byte, 4096> keys;
///     while (const auto size = terminal->read_some(keys)) send(Bytes(keys).first(*size));
///
/// The settings from before are restored by the destructor, by restore(), by end_by_signal(), and
/// when SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE or SIGTSTP has its default action in this
/// process, which then follows. After a stop, SIGCONT makes the terminal raw again. They are not
/// restored after SIGKILL, after _exit(2), and while another process group has the terminal. The
/// object has handlers of those signals and of SIGWINCH; a program's own handlers of the signals
/// that end a program stay, and may call restore().
///
/// One at a time in a process, on a thread or loop of the real system. Move only. One fiber or
/// thread may read and one may wait for the size at the same time. After a fiber of a loop has
/// waited on it, only that loop may use it, except restore(), which any thread may call.
class RawTerminal {
 public:
  /// Fails with `unsupported` if standard input is not a terminal, or in a simulated world, with
  /// `invalid_argument` if the process has a RawTerminal already, with `resource_exhausted`, and
  /// with the errno of tcsetattr(3). In the background of a shell it stops the program, as any
  /// change of a terminal does.
  static Result<RawTerminal> open();

  RawTerminal(RawTerminal&&) noexcept;
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

  /// Reads what was typed, at least one byte, into `into`, which must not be empty. Returns how
  /// many. Fails as PipeReader::read_some(); a terminal that has hung up has ended, or fails with
  /// EIO.
  Result<std::size_t> read_some(MutableBytes into, Deadline deadline = Deadline::never());

  /// Waits until the size may have changed since the last call, or since open(): the window has
  /// another size, or the program went on after a stop. Fails with `timed_out` at `deadline`, with
  /// `cancelled` and with `resource_exhausted`. Suspends the fiber; a thread without a loop blocks.
  Result<void> wait_resize(Deadline deadline = Deadline::never());

  /// Returns the size of the terminal; nullopt if it is unknown.
  std::optional<TerminalSize> size() const;

  /// Stops this program, as ^Z does without raw mode. Returns when it goes on. Has no effect on a
  /// program that no shell would continue.
  void stop_program();

  /// Restores the settings from before, for good. Idempotent. Any thread.
  void restore();

 private:
  struct State;
  explicit RawTerminal(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace hotline
