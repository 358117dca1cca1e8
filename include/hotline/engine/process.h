#pragma once

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
#include "hotline/engine/clock.h"

namespace hotline HOTLINE_PUBLIC {

/// What a program and the descendants that it waited for have used.
struct ProcessUsage {
  Duration user{};                     ///< Processor time in the programs themselves.
  Duration system{};                   ///< Processor time in the kernel for them.
  std::uint64_t memory_max_bytes = 0;  ///< The largest resident memory of any one of them.
  bool has_dumped_core = false;        ///< True if the end of the program made a core dump.
};

/// How a process ended.
struct ProcessEnd {
  int exit_status = -1;  ///< -1 if a signal ended it.
  int signal = 0;
  ProcessUsage usage{};  ///< Measured for programs of start_launcher() only; zeros otherwise.
};

/// The outputs of a process.
enum class OutputStream : std::uint8_t { standard_output, standard_error };

/// What a program reads from its standard input: nothing, because it has ended already, or what is
/// written with Process::write_some().
enum class ProcessInput : std::uint8_t { empty, pipe };

/// The pseudo-terminal that a program runs on.
struct TerminalOptions {
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
  std::string type = "xterm";  ///< The variable TERM, unless LaunchOptions::environment sets it.
};

/// A program to run.
struct LaunchOptions {
  /// The program and its arguments. No shell interprets them. A program name without `/` is looked
  /// up in the PATH of the new process.
  std::vector<std::string> arguments;

  /// The directory that it runs in. If empty: the HOME of the new process, or / if that cannot be
  /// entered.
  std::string directory{};

  /// `NAME=value` pairs that are added to the launcher's clean environment and override it.
  std::vector<std::string> environment{};

  ProcessInput input = ProcessInput::empty;

  /// If set, all three standard streams of the program are a terminal of its own, which is the
  /// controlling terminal of its session. `input` is then not used.
  std::optional<TerminalOptions> terminal{};
};

/// A running program and all processes that it has started. The destructor kills what is left of
/// the tree, including processes that have detached from it. Used by one thread; its waits suspend
/// the fiber.
///
/// On a terminal everything that is written, also to standard error, is
/// OutputStream::standard_output. It ends when no process has the terminal open any more.
/// OutputStream::standard_error ends at once.
///
/// The functions that are not pure have implementations for processes that have no input and cannot
/// be signalled, such as simulated ones.
class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;

  /// Returns the process id that the program had when it started, or -1 if it has none. For people
  /// and logs only: after the end of the program another process may get the same number.
  virtual int pid() const { return -1; }

  /// Reads what the program and its descendants write to `output`. Returns the number of bytes, or
  /// 0 when no process can write to it any more. Each output has one reader at a time. Fails with
  /// `closed` after close_output(), and with `cancelled` or `timed_out` if the wait is interrupted.
  virtual Result<std::size_t> read_some(OutputStream output, MutableBytes into) = 0;

  /// Stops reading `output` and discards what has not been read. The next write of the program to
  /// it gets SIGPIPE, or EPIPE. A read that is waiting fails with `closed`. Idempotent. On a
  /// terminal this hangs up: the program gets SIGHUP, and can neither read nor write it any more.
  virtual void close_output(OutputStream output);

  /// Writes at least one byte of `bytes`, which must not be empty, to the standard input of the
  /// program. Returns how many. Waits while the pipe is full; the program need not have read what
  /// was written. On a terminal the bytes are what a user types. One fiber writes at a time;
  /// another may read at the same time. Fails with `closed` if no process can read it any more,
  /// after close_input(), and if the input is ProcessInput::empty; with `cancelled` or `timed_out`
  /// if the wait is interrupted, and then nothing has been written.
  virtual Result<std::size_t> write_some(Bytes bytes);

  /// Ends the standard input of the program: it reads the end after everything that was written.
  /// Nothing else ends: its outputs can still be read. A write that is waiting fails with `closed`.
  /// Idempotent.
  ///
  /// A terminal has no end for one direction. There this types the end-of-file character (^D),
  /// twice if the program reads lines and the last one is unfinished. A program that reads lines
  /// then reads an end; one that reads single characters gets that character. Waits while the
  /// terminal takes nothing more, and types nothing if that wait is interrupted.
  virtual void close_input();

  /// Changes the size of the terminal; the programs in its foreground get SIGWINCH. Fails with
  /// `unsupported` if there is no terminal, and with `closed` after a hang-up.
  virtual Result<void> resize(std::uint16_t rows, std::uint16_t columns);

  /// Sends `signal`, as in signal(7), to the process group of the program. Descendants that have
  /// left the group do not get it. Does not wait for an effect; the program may ignore the signal.
  /// A process of the group that runs as another user does not get it, without an error. Fails with
  /// `closed` if the program has ended, with `invalid_argument` if there is no such signal, with
  /// `reset` if the keeper of the process has died, and with `resource_exhausted` if too many
  /// signals are on their way.
  virtual Result<void> send_signal(int signal);

  /// Asks the program to end: sends SIGTERM. Fails as send_signal() does.
  Result<void> terminate();

  /// Waits for the program itself to end; its descendants may go on. Later calls return the same
  /// result. Fails with `cancelled` or `timed_out` if the wait is interrupted, and with `reset` if
  /// the launcher or the keeper of the process has died: its exit status is then unknown.
  virtual Result<ProcessEnd> wait() = 0;

  /// Kills the whole tree at once. What it has written can still be read. Idempotent.
  virtual void kill() = 0;

  /// Kills the descendants that remain. Call it after wait(). Succeeds only if no other process had
  /// killed one of them before; if one had, the end of an output does not prove that the output is
  /// complete.
  /// Fails with `reset` if the launcher or the keeper died before the tree had ended, and with
  /// `cancelled` or `timed_out` if the wait is interrupted. The implementation in this class always
  /// succeeds: it is for processes that nothing else can kill.
  virtual Result<void> finish() {
    kill();
    return {};
  }
};

/// Starts programs without using the threads or the memory of this process. Any thread may launch.
class Launcher {
 public:
  Launcher() = default;
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  virtual ~Launcher() = default;

  /// Starts a program and returns when it runs. Suspends the fiber.
  /// Fails with `not_found`, `permission_denied` or `too_large` if the system cannot start it (the
  /// detail names the word and the reason), with `invalid_argument`, with `resource_exhausted`,
  /// with `reset` if the launcher or the keeper has died or the new process was killed before it
  /// ran, with `unsupported` if the system has no pseudo-terminals, and with `cancelled` or
  /// `timed_out` if the wait is interrupted.
  virtual Result<std::unique_ptr<Process>> launch(const LaunchOptions& options) = 0;

  /// Waits until the launcher has died and returns an error of kind `reset`; the programs that it
  /// started are then being killed. Any other kind means that the wait was interrupted. Suspends
  /// the fiber. The implementation in this class is for a launcher that never dies: it waits until
  /// it is interrupted.
  virtual Error wait_dead() { return sleep_for(kNoTimeout).error(); }

  /// Returns a descriptor that a forked process must keep in order to launch, or -1 if there is
  /// none.
  virtual int descriptor() const { return -1; }
};

/// Checks whether the system has what start_launcher() needs. Fails with `unsupported` if /proc is
/// not mounted or belongs to another PID namespace, because the processes of a tree could not be
/// found and killed.
Result<void> check_launcher();

/// Forks the launcher process of this program. The launcher is small: it has one thread, and none
/// of the rings, sockets or secrets that the program makes later. So call this first, before the
/// program has other threads or raises its descriptor limit. Fails with `unsupported` if there are
/// other threads or if check_launcher() fails, and with `resource_exhausted`.
///
/// For each program the launcher forks a keeper, which is the parent of the tree and adopts every
/// orphan in it. The launcher, its keepers and their trees are killed when this program ends, for
/// whatever reason, or when the result is destroyed.
Result<std::unique_ptr<Launcher>> start_launcher();

/// The outputs of a program and how it ended.
struct Completed {
  ProcessEnd end;
  std::string output;
  std::string error;
  /// True if a descendant of the program still had an output open when reading stopped.
  bool was_held = false;
};

/// Limits for run_to_end().
struct RunOptions {
  Duration timeout = kNoTimeout;              ///< For the whole run.
  std::size_t output_max = 64 * 1024 * 1024;  ///< For both outputs together.
  /// After the program has ended: the longest silence of descendants that still have an output
  /// open.
  Duration quiet = std::chrono::milliseconds(250);
  /// After the program has ended: how long its descendants may go on writing.
  Duration drain = std::chrono::seconds(5);
};

/// Runs a program to its end and reads both of its outputs, in any order in which it writes them.
/// Its standard input is empty, whatever `what.input` is. Kills what it leaves running. Fails as
/// launch() does, as Process::wait() does, with `timed_out` at the timeout, with `too_large` beyond
/// output_max, and with `cancelled`; then the tree is killed. Suspends the fiber; on a thread
/// without a loop it blocks.
Result<Completed> run_to_end(Launcher& launcher, const LaunchOptions& what,
                             const RunOptions& options = {});

}  // namespace hotline
