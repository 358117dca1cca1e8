#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hotline/core/bytes.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"
#include "hotline/engine/clock.h"

namespace hotline {

/// How a process ended.
struct ProcessEnd {
  int exit_status = -1;  ///< -1 if a signal ended it.
  int signal = 0;
};

/// What a process writes to.
enum class OutputStream : std::uint8_t { standard_output, standard_error };

/// What to run.
struct LaunchOptions {
  /// The program and its arguments, each as it is: no shell. A name without `/` is looked for in
  /// the PATH that the process gets.
  std::vector<std::string> arguments;

  /// Where it runs; empty: in the HOME that it gets, or in / if that cannot be entered.
  std::string directory{};

  /// `NAME=value`, besides and before the launcher's clean environment.
  std::vector<std::string> environment{};
};

/// A program that runs, and all that it has started. Whoever destroys this kills what is left of
/// the tree, wherever in the system it has gone. Used by one thread; its waits suspend the fiber.
class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process() = default;

  /// Reads what it and its descendants write to `output`: how many bytes, 0 once nobody can write
  /// any more. One reader at a time for each output. Fails as every wait does.
  virtual Result<std::size_t> read_some(OutputStream output, MutableBytes into) = 0;

  /// Waits for the program itself to end; descendants may go on. Asked again, it says the same.
  /// Fails as every wait does, and with `reset` if the launcher or whoever kept the process has
  /// died: then it is not known how it would have ended.
  virtual Result<ProcessEnd> wait() = 0;

  /// Kills the whole tree, now. What it had written can still be read. Idempotent.
  virtual void kill() = 0;

  /// After wait(): kills what is left of the tree, and tells whether it had been left alone until
  /// then, by others. Only so does the end of an output mean that nobody would have written more.
  /// Fails with `reset` if the launcher or whoever kept the process has died before the tree had
  /// gone, and as every wait does. As it is here, for a process that nobody else can kill, it
  /// succeeds.
  virtual Result<void> finish() {
    kill();
    return {};
  }
};

/// Starts programs, off the threads and the memory of this process. Any thread may launch.
class Launcher {
 public:
  Launcher() = default;
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  virtual ~Launcher() = default;

  /// Starts a program with an empty standard input; returns when it runs. Fails with the reason of
  /// the system if it cannot be started (`not_found`, `permission_denied`, `too_large`: what was
  /// wrong with which word), with `invalid_argument`, with `resource_exhausted`, with `reset` if
  /// the launcher, or whoever was to keep the program, has died, or the program's process was
  /// killed before it ran, and as every wait does. Suspends the fiber.
  virtual Result<std::unique_ptr<Process>> launch(const LaunchOptions& options) = 0;

  /// Waits until nothing can be launched any more, and what has been launched is being killed: why,
  /// `reset`. Another kind tells how the wait itself ended. Suspends the fiber. As it is here, for
  /// a launcher that lives on, it waits until it is interrupted.
  virtual Error wait_dead() { return sleep_for(kNoTimeout).error(); }

  /// A descriptor that a process forked from this one must keep to be able to launch; -1: none.
  virtual int descriptor() const { return -1; }
};

/// Checks what start_launcher needs of the system. Fails with `unsupported` if /proc is not mounted
/// or is of another PID namespace, for then the processes of a tree cannot be found and ended.
Result<void> check_launcher();

/// Forks the launcher process of this program: small, with one thread, without rings, sockets or
/// secrets of what comes later; so it is called first, before there is a thread or the limit on
/// descriptors is raised, and fails with `unsupported` beside threads, as check_launcher does, and
/// with `resource_exhausted` if the launcher lacks what it needs. For each program it forks a
/// keeper, which is the parent of the tree and adopts every orphan in it. The launcher, its keepers
/// and their trees end when this program ends, however it does. Destroying the result ends them
/// too.
Result<std::unique_ptr<Launcher>> start_launcher();

/// Everything that a program said, and how it ended.
struct Completed {
  ProcessEnd end;
  std::string output;
  std::string error;
  bool was_held = false;  ///< A descendant still held an output when the waiting for it ended.
};

/// Bounds of running a program to its end.
struct RunOptions {
  Duration timeout = kNoTimeout;                    ///< For all of it.
  std::size_t output_max = 64 * 1024 * 1024;        ///< Of both outputs together.
  Duration quiet = std::chrono::milliseconds(250);  ///< Once the program has ended: how long its
                                                    ///< descendants may be silent,
  Duration drain = std::chrono::seconds(5);         ///< and how long they may go on writing.
};

/// Runs a program to its end and reads both of its outputs, however it mixes them. What it leaves
/// running is killed. Fails as launch does, with `timed_out` at the timeout, with `too_large` over
/// output_max, as Process::wait does, and with `cancelled`; the tree is killed then. Suspends the
/// fiber; on a thread without a loop it blocks.
Result<Completed> run_to_end(Launcher& launcher, const LaunchOptions& what,
                             const RunOptions& options = {});

}  // namespace hotline
