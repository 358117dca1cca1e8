#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "hotline/core/unique_fd.h"
#include "hotline/engine/process.h"
#include "support/loops.h"
#include "support/temporary_directory.h"

namespace hotline::test {

/// The launcher of this test program. Started before main, for afterwards there may be threads.
Launcher& launcher();

/// `sh -c SCRIPT ARGUMENTS...`
LaunchOptions shell(std::string script, std::vector<std::string> arguments = {});

/// Runs it to its end with launcher().
Completed run_shell(const std::string& script, const RunOptions& options = {});

/// A pipe with a name, which programs open to be seen: by what they write there, and, as soon as
/// the last of them has gone, by its end. Waits give up after ten seconds and fail the test.
class Witness {
 public:
  Witness();

  const std::string& path() const { return path_; }

  /// Up to the next end of a line.
  std::string wait_for_line();

  /// Until nobody holds it any more: what was written.
  std::string wait_for_end();

 private:
  TemporaryDirectory directory_;
  std::string path_;
  UniqueFd fd_;
};

/// In a forked process: says where and ends it, if `is_so` is not.
void must(bool is_so, std::string_view what);

/// Whether there is such a process that has not ended.
bool is_running(pid_t pid);

/// The parent of a process, 0 if there is no such process.
pid_t parent_of(pid_t pid);

}  // namespace hotline::test
