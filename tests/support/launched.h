#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hotline/core/unique_fd.h"
#include "hotline/engine/process.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// The launcher of this test program. Started before main, because later there may be threads.
Launcher& launcher();

/// `sh -c SCRIPT ARGUMENTS...`
LaunchOptions shell(std::string script, std::vector<std::string> arguments = {});

/// Starts it with launcher().
std::unique_ptr<Process> start(const LaunchOptions& options);

/// The same for a shell script whose standard input is a pipe.
std::unique_ptr<Process> start_with_input(std::string script,
                                          std::vector<std::string> arguments = {});

/// Reads an output to its end.
std::string read_all(Process& process, OutputStream which = OutputStream::standard_output);

/// Reads an output up to the end of the next line, and returns the line without that.
std::string read_line(Process& process, OutputStream which = OutputStream::standard_output);

/// Writes until all of `text` is written, or a write fails. Returns the kind of the error, or "".
std::string write_all(Process& process, std::string_view text);

/// Runs a shell script to its end with launcher().
Completed run_shell(const std::string& script, const RunOptions& options = {});

/// A named pipe that programs open to be observed: by what they write there, and by its end when
/// the last of them has ended. Waits give up after ten seconds and fail the test.
class Witness {
 public:
  Witness();

  const std::string& path() const { return path_; }

  /// Returns the text up to the next end of a line.
  std::string wait_for_line();

  /// Waits until no process has it open any more. Returns what was written.
  std::string wait_for_end();

  /// Returns true if no process has it open now and nothing is left to be read.
  bool has_ended() const;

 private:
  TemporaryDirectory directory_;
  std::string path_;
  UniqueFd fd_;
};

/// In a forked process: if `is_so` is false, prints `what` and exits.
void must(bool is_so, std::string_view what);

/// Returns true if such a process exists and has not ended.
bool is_running(pid_t pid);

/// Returns the parent of a process, or 0 if the process does not exist.
pid_t parent_of(pid_t pid);

}  // namespace hotline::test
