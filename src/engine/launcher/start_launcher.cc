#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "engine/above_standard.h"
#include "engine/launcher/launcher_process.h"
#include "engine/launcher/launcher_wire.h"
#include "engine/launcher/process_launcher.h"
#include "engine/launcher/process_tree.h"
#include "engine/operations/system_result.h"
#include "engine/running_threads.h"
#include "engine/signal_actions.h"

namespace hotline {
namespace {

using engine::LauncherProcess;
using engine::ProcessLauncher;

constexpr std::string_view kStartLauncher = "start the launcher";

/// Forks with every signal blocked. The child keeps them blocked, so that no handler of the parent
/// runs there.
pid_t fork_blocked() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  const int error = errno;
  if (pid != 0) ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

Error start_error(int error_number) {
  Error error = system_error(error_number, kStartLauncher);
  error.kind = ErrorKind::resource_exhausted;
  return error;
}

/// Waits until the launcher at the other end of `socket` can launch. Called before there is a loop.
Result<void> wait_until_ready(int socket) {
  engine::LaunchStatus status;
  const int size = engine::system_result([&] { return ::recv(socket, &status, sizeof status, 0); });
  if (size != sizeof status) {
    return fail(make_error(ErrorKind::reset, kStartLauncher, {}, "it has died"));
  }
  if (status.kind != engine::StatusKind::started) return fail(start_error(status.value));
  return {};
}

}  // namespace

Result<void> check_launcher() {
  std::string problem = engine::proc_problem();
  if (problem.empty()) return {};
  return fail(make_error(ErrorKind::unsupported, kStartLauncher, {}, std::move(problem),
                         "mount it ('mount -t proc proc /proc'): what programs leave running is "
                         "found there, and could not be ended"));
}

Result<std::unique_ptr<Launcher>> start_launcher() {
  if (auto checked = check_launcher(); !checked) return fail(std::move(checked.error()));
  if (engine::has_other_threads()) {
    return fail(make_error(ErrorKind::unsupported, kStartLauncher, {}, "there are threads already",
                           "start it before anything else"));
  }
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0 ||
      !engine::above_standard(ends)) {
    return fail(system_error(errno, kStartLauncher));
  }
  UniqueFd near(ends[0]);
  // The launcher replaces its standard streams.
  UniqueFd far(ends[1]);
  engine::keep_ends_of_children();
  const pid_t server = ::getpid();
  const pid_t pid = fork_blocked();
  if (pid < 0) return fail(start_error(errno));
  if (pid == 0) {
    near.reset();
    LauncherProcess(std::move(far)).run(server);
    ::_exit(EXIT_SUCCESS);
  }
  // The death of the launcher is noticed only if no other process has its end open.
  far.reset();
  const int socket = near.get();
  auto launcher = std::make_unique<ProcessLauncher>(pid, std::move(near));
  if (auto ready = wait_until_ready(socket); !ready) return fail(std::move(ready.error()));
  return launcher;
}

}  // namespace hotline
