#include "engine/launcher/program_start.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/launcher/clean_environment.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

// Set for a process that has not called exec since it was forked. PF_FORKNOEXEC in the kernel's
// sched.h; field 9 of /proc/PID/stat has it.
constexpr unsigned kForkNoExec = 0x40;
constexpr int kFieldsBeforeFlags = 6;  ///< After the name, which is field 2.

/// Prepared before the fork, because nothing may be allocated after it.
struct Prepared {
  const ProgramStart& start;
  const std::vector<std::string>& paths;  ///< Tried in this order.
  const char* home;                       ///< Null if unknown.
  int failures;
  pid_t parent;
};

/// Looks the program up as execvp(3) does, in the PATH that the program itself gets.
std::vector<std::string> paths_of(const LaunchRequest& request) {
  const std::string_view program = request.arguments.front();
  if (program.find('/') != std::string_view::npos) return {std::string(program)};
  const char* found = value_in(request.environment, "PATH");
  std::string_view path = found == nullptr ? kCleanPath : found;
  std::vector<std::string> paths;
  for (;;) {
    const std::size_t end = std::min(path.find(':'), path.size());
    const std::string_view folder = path.substr(0, end);
    paths.push_back(std::string(folder.empty() ? "." : folder).append("/").append(program));
    if (end == path.size()) return paths;
    path.remove_prefix(end + 1);
  }
}

// From here on the child shares the memory of the parent, so it makes only system calls.

[[noreturn]] void report_failure(const Prepared& prepared, StatusKind kind, int error) {
  const LaunchStatus status{kind, error, 0};
  static_cast<void>(raw_call(SYS_write, prepared.failures, &status, sizeof status));
  ::_exit(EXIT_FAILURE);
}

/// The server's own directory may have been removed, and depends on where the server was started.
void enter_directory(const Prepared& prepared) {
  const char* directory = prepared.start.request.directory;
  if (directory == nullptr) {
    if (prepared.home != nullptr && ::chdir(prepared.home) == 0) return;
    directory = "/";
  }
  if (::chdir(directory) < 0) report_failure(prepared, StatusKind::directory_failed, errno);
}

/// Returns the errno of the last call that reports more than "not here".
int execute(const Prepared& prepared) {
  int error = ENOENT;
  for (const std::string& path : prepared.paths) {
    ::execve(path.c_str(), prepared.start.request.arguments.data(),
             prepared.start.request.environment.data());
    if (errno == EACCES) error = EACCES;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
    if (prepared.paths.size() == 1) return errno;
  }
  return error;
}

void place_streams(const Prepared& prepared) {
  const ProgramStart& start = prepared.start;
  const bool is_terminal = start.error < 0;
  const int input = is_terminal ? start.output : start.input;
  const int error = is_terminal ? start.output : start.error;
  if ((is_terminal && ::ioctl(start.output, TIOCSCTTY, 0) < 0) ||
      (input >= 0 && ::dup2(input, STDIN_FILENO) < 0) || ::dup2(start.output, STDOUT_FILENO) < 0 ||
      ::dup2(error, STDERR_FILENO) < 0) {
    report_failure(prepared, StatusKind::keeper_failed, errno);
  }
}

[[noreturn]] void run_child(const Prepared& prepared) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != prepared.parent) ::_exit(EXIT_FAILURE);
  ::setsid();
  place_streams(prepared);
  // They are already close-on-exec, each where it is opened. This covers any that was missed.
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  enter_directory(prepared);
  // The function of glibc would leave its internal signals unchanged.
  const std::uint64_t none = 0;
  raw_call(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  report_failure(prepared, StatusKind::program_failed, execute(prepared));
}

[[gnu::noinline]] pid_t fork_child(const Prepared& prepared) {
  // The memory of the parent, however large, is not copied, and the parent waits until exec.
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(prepared);
  return pid < 0 ? -errno : pid;
}

/// Returns true if our child, which has not been reaped yet, is or was the program. Its end of the
/// pipe also closes when it is killed before exec.
bool has_executed(pid_t pid) {
  std::array<char, 1024> text;
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int size = system_result([&] { return ::read(file.get(), text.data(), text.size()); });
  std::string_view rest(text.data(), static_cast<std::size_t>(std::max(0, size)));
  // The name may contain anything, a parenthesis too; the last one ends it.
  rest.remove_prefix(std::min(rest.rfind(')'), rest.size()));
  for (int i = 0; i <= kFieldsBeforeFlags && !rest.empty(); ++i) {
    rest.remove_prefix(std::min(rest.find(' '), rest.size() - 1) + 1);
  }
  unsigned flags = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), flags);
  return (flags & kForkNoExec) == 0;
}

}  // namespace

StartedProgram start_program(const ProgramStart& start) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return {-1, {StatusKind::keeper_failed, errno, 0}};
  const UniqueFd failures(ends[0]);
  UniqueFd failures_of_child(ends[1]);
  const std::vector<std::string> paths = paths_of(start.request);
  const pid_t pid = fork_child({start, paths, value_in(start.request.environment, "HOME"),
                                failures_of_child.get(), ::getpid()});
  if (pid < 0) return {-1, {StatusKind::keeper_failed, -pid, 0}};
  failures_of_child.reset();
  LaunchStatus failure;
  const int size = system_result([&] { return ::read(failures.get(), &failure, sizeof failure); });
  if (size != sizeof failure) {
    if (has_executed(pid)) return {pid, {StatusKind::started, pid, 0}};
    failure = {StatusKind::killed_at_start, 0, 0};
  }
  ::waitpid(pid, nullptr, 0);
  return {-1, failure};
}

}  // namespace hotline::engine
