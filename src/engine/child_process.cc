#include "engine/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "engine/above_standard.h"
#include "engine/blocking/blocking_engine.h"
#include "engine/close_descriptors.h"
#include "engine/event_loop.h"
#include "engine/signal_actions.h"

namespace hotline::engine {
namespace {

/// The parent's listeners, rings and other connections must not stay open in the child.
void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned first = STDERR_FILENO + 1;
  for (const int fd : kept) {
    if (const auto next = static_cast<unsigned>(fd); next > first)
      close_descriptors(first, next - 1);
    first = std::max(first, static_cast<unsigned>(fd) + 1);
  }
  close_descriptors(first, ~0U);
}

/// Nothing may leave it: the stack below is that of the parent.
[[noreturn]] void run_child(pid_t parent, Interrupter& interrupter, std::vector<int> kept,
                            int reports, const std::function<std::string()>& body) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(EXIT_FAILURE);
  // A ^C at the terminal goes to the parent only, which then drains its children.
  ::setpgid(0, 0);
  close_all_but(std::move(kept));
  EventLoop::forget_running();
  int status = EXIT_FAILURE;
  try {
    const BlockingEngine::Interruptible engine(interrupter);
    const std::string report = body().substr(0, ChildProcess::kReportBytesMax);
    const ssize_t written = ::write(reports, report.data(), report.size());
    status = written == static_cast<ssize_t>(report.size()) ? EXIT_SUCCESS : EXIT_FAILURE;
  } catch (...) {
    // The exit status reports it.
  }
  // Runs neither destructors nor exit handlers, because the parent owns what they would release.
  ::_exit(status);
}

}  // namespace

Result<ChildProcess> ChildProcess::fork(Interrupter& interrupter, std::span<const int> kept,
                                        const std::function<std::string()>& body) {
  // A body that cannot be interrupted might never end.
  if (interrupter.fd() < 0) return fail(system_error(EMFILE, "fork"));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0 || !above_standard(ends)) {
    return fail(system_error(errno, "fork"));
  }
  UniqueFd reports(ends[0]);
  UniqueFd reports_of_child(ends[1]);
  // Made here, because the child could not report a lack of memory.
  std::vector<int> kept_by_child(kept.begin(), kept.end());
  kept_by_child.insert(kept_by_child.end(), {interrupter.fd(), reports_of_child.get()});
  keep_ends_of_children();
  const pid_t parent = ::getpid();
  pid_t child = -1;
  int error = 0;
  EventLoop::running()->run_deep([&] {
    child = ::fork();
    error = errno;
    if (child != 0) return;
    run_child(parent, interrupter, std::move(kept_by_child), reports_of_child.get(), body);
  });
  if (child < 0) return fail(system_error(error, "fork"));
  // Nothing else reaps the child before this, so its id has not been reused.
  UniqueFd pidfd(above_standard(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))));
  if (pidfd) return ChildProcess(std::move(pidfd), std::move(reports));
  error = errno;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return fail(system_error(error, "watch a process"));
}

ChildProcess::~ChildProcess() {
  if (!pidfd_ || is_reaped_) return;
  ::syscall(SYS_pidfd_send_signal, pidfd_->fd(), SIGKILL, nullptr, 0);
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd_->fd()), &info, WEXITED);
}

Result<ChildProcess::Outcome> ChildProcess::wait() {
  WaitProcess wait(*pidfd_);
  const int result = Engine::current().perform(wait, Deadline::never());
  if (result < 0) return fail(operation_error(result, "wait for a process"));
  is_reaped_ = true;
  // A report is one write and fits into the pipe, so all of it has arrived or nothing.
  Outcome outcome{wait.end, std::string(kReportBytesMax, '\0')};
  const ssize_t size = ::read(reports_.get(), outcome.report.data(), outcome.report.size());
  outcome.report.resize(static_cast<std::size_t>(std::max<ssize_t>(0, size)));
  return outcome;
}

}  // namespace hotline::engine
