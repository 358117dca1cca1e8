#include "engine/launcher/launcher_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "engine/above_standard.h"
#include "engine/close_descriptors.h"
#include "engine/launcher/clean_environment.h"
#include "engine/launcher/keeper.h"
#include "engine/launcher/launch_request.h"
#include "engine/launcher/launcher_wire.h"
#include "engine/launcher/process_tree.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

// The pause before a retry after a failure for lack of processes or of a permission.
constexpr int kRetryMs = 100;

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
}

/// Opens a file that is always empty: /dev/null or, if there is none, a pipe without a writing end.
/// Returns a negated errno if both fail.
int open_empty() {
  const int null = above_standard(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null >= 0) return null;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0 || !above_standard(ends)) return -errno;
  ::close(ends[1]);
  return ends[0];
}

/// Gives programs an empty standard input. The launcher keeps only the server's standard error, so
/// that a crash can be seen. Returns 0 or an errno.
int replace_standard_streams() {
  const int opened = open_empty();
  if (opened < 0) return -opened;
  const UniqueFd empty(opened);
  const bool has_error = ::fcntl(STDERR_FILENO, F_GETFD) >= 0;
  for (int fd = STDIN_FILENO; fd <= (has_error ? STDOUT_FILENO : STDERR_FILENO); ++fd) {
    if (::dup2(empty.get(), fd) < 0) return errno;
  }
  return 0;
}

void close_others(int kept) {
  const auto fd = static_cast<unsigned>(kept);
  if (fd > STDERR_FILENO + 1) close_descriptors(STDERR_FILENO + 1, fd - 1);
  close_descriptors(fd + 1, ~0U);
}

}  // namespace

void LauncherProcess::run(pid_t server) {
  const int error = prepare(server);
  send_status(requests_.get(),
              error == 0 ? LaunchStatus{} : LaunchStatus{StatusKind::keeper_failed, error, 0});
  if (error != 0) return;
  do {
    fork_keepers();
  } while (turn());
  end_descendants([](const EndedChild&) {});
}

/// Returns 0, or the errno that prevents it from launching anything.
int LauncherProcess::prepare(pid_t server) {
  ::prctl(PR_SET_NAME, "hotline-launch");
  ::prctl(PR_SET_PDEATHSIG, kParentDeathSignal);
  if (::getppid() != server) return ESRCH;
  // Detaches it from the terminal; and a program that leaves its session cannot enter the
  // launcher's.
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  reset_signals();
  if (const int error = replace_standard_streams(); error != 0) return error;
  close_others(requests_.get());
  ::umask(::umask(S_IWGRP | S_IWOTH) | S_IWGRP | S_IWOTH);
  environment_ = clean_environment(environ);
  add_user(environment_);
  signals_ = open_signals();
  if (!signals_) return errno;
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return errno;
  notices_.reset(ends[0]);
  notices_of_keepers_.reset(ends[1]);
  ::fcntl(notices_.get(), F_SETFL, O_NONBLOCK);
  void* mapped =
      ::mmap(nullptr, kRequestBytesMax, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return errno;
  memory_ = {static_cast<std::byte*>(mapped), kRequestBytesMax};
  spares_ = SpareKeepers::make();
  return spares_ == nullptr ? errno : 0;
}

void LauncherProcess::fork_keepers() {
  while (spares_->count() < SpareKeepers::kWanted) {
    const pid_t fork = spares_->begin_fork();
    if (fork == 0) return;
    const pid_t launcher = ::getpid();
    const pid_t pid = ::fork();
    fork_error_ = pid < 0 ? errno : 0;
    if (pid == 0) {
      Keeper({requests_.get(), notices_of_keepers_.get(), signals_.get(), memory_, environment_,
              *spares_, fork})
          .run(launcher);
      ::_exit(EXIT_SUCCESS);
    }
    spares_->end_fork(fork, pid);
    if (pid < 0) return;
  }
}

/// Waits until there is something to do, and does it. Returns false when the launcher must end.
bool LauncherProcess::turn() {
  const std::size_t spares = spares_->count();
  const bool has_none = spares == 0;
  std::array<pollfd, 3> polled{
      pollfd{requests_.get(), static_cast<short>(has_none ? POLLIN : 0), 0},
      pollfd{notices_.get(), POLLIN, 0}, pollfd{signals_.get(), POLLIN, 0}};
  const bool is_waiting = has_orphans_ || spares < SpareKeepers::kWanted;
  ::poll(polled.data(), polled.size(), is_waiting ? kRetryMs : -1);
  if ((polled[0].revents & (POLLHUP | POLLERR)) != 0) return false;
  take_notices();
  if (!take_signals()) return false;
  if (has_orphans_) kill_orphans();
  if (has_none && (polled[0].revents & POLLIN) != 0) refuse_request();
  return true;
}

/// They have no meaning beyond the end of a wait.
void LauncherProcess::take_notices() {
  std::array<std::byte, 64> notices;
  system_result([&] { return ::read(notices_.get(), notices.data(), notices.size()); });
}

bool LauncherProcess::take_signals() {
  while (const int signal = next_signal(signals_.get())) {
    if (signal == kParentDeathSignal) return false;
  }
  reap_children([this](const EndedChild& child) { note_end(child.pid, child.status); });
  return true;
}

void LauncherProcess::note_end(pid_t pid, int status) {
  spares_->remove(pid);
  // A keeper that exits by itself has seen the end of its tree.
  if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) has_orphans_ = true;
}

void LauncherProcess::kill_orphans() {
  const pid_t session = ::getsid(0);
  // Keepers stay in the session of the launcher. Programs lead sessions of their own or are in one
  // of those.
  const auto orphans = [session] {
    std::vector<pid_t> found = children_of(::getpid());
    std::erase_if(found, [session](pid_t each) { return ::getsid(each) == session; });
    return found;
  };
  has_orphans_ = !orphans().empty();
  if (has_orphans_) kill_trees(orphans);
}

/// A client must not wait for a keeper that cannot be forked.
void LauncherProcess::refuse_request() {
  if (fork_error_ == 0) return;
  LaunchDescriptors descriptors;
  const int size = receive_request(requests_.get(), memory_, RequestWait::no, descriptors);
  if (size > 0) {
    send_status(descriptors.status.get(), {StatusKind::keeper_failed, fork_error_, 0});
  }
}

}  // namespace hotline::engine
