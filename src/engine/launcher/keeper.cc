#include "engine/launcher/keeper.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "engine/launcher/clean_environment.h"
#include "engine/launcher/launch_request.h"
#include "engine/launcher/process_tree.h"
#include "engine/launcher/program_start.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {

UniqueFd open_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, kParentDeathSignal);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

int next_signal(int signals) {
  signalfd_siginfo info{};
  const int size = system_result([&] { return ::read(signals, &info, sizeof info); });
  return size == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

void Keeper::run(pid_t launcher) {
  ::prctl(PR_SET_NAME, "hotline-keeper");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (take_request(launcher) && start()) watch();
}

bool Keeper::take_request(pid_t launcher) {
  // There is no tree to end yet.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launcher) return false;
  const int size = receive_request(setup_.requests, setup_.memory, RequestWait::yes, descriptors_);
  if (size <= 0) return false;
  ::prctl(PR_SET_PDEATHSIG, kParentDeathSignal);
  if (::getppid() != launcher) return false;
  request_ = setup_.memory.first(static_cast<std::size_t>(size));
  return true;
}

bool Keeper::start() {
  StartedProgram started{-1, {StatusKind::program_failed, EINVAL, 0}};
  if (auto request = decode_request(request_); request && descriptors_.status) {
    request->environment = merge_environment(request->environment, setup_.environment);
    started = start_program({*request, descriptors_.output.get(), descriptors_.error.get()});
  }
  send_status(descriptors_.status.get(), started.status);
  // Only after the start: this makes the launcher fork another keeper, which can wait until the
  // program runs.
  const pid_t self = ::getpid();
  system_result([&] { return ::write(setup_.notices, &self, sizeof self); });
  UniqueFd(setup_.notices).reset();
  UniqueFd(setup_.requests).reset();
  // The process that reads them must see their end.
  descriptors_.output.reset();
  descriptors_.error.reset();
  leader_ = group_ = started.pid;
  return leader_ >= 0;
}

void Keeper::watch() {
  do {
    switch (wait()) {
      case Course::on: break;
      case Course::killed:
        tell_kept();
        end_descendants([this](pid_t pid, int status) { note_end(pid, status); }, group_);
        return tell_kept();
      // It is unknown how the program would have ended, so no end is reported to the server.
      case Course::orphaned: return end_descendants([](pid_t, int) {}, group_);
    }
  } while (reap());
  tell_kept();
}

void Keeper::tell_kept() {
  if (std::exchange(has_left_, false)) {
    send_status(descriptors_.status.get(), {StatusKind::kept, 0, 0});
  }
}

/// Waits until there is something to do.
Keeper::Course Keeper::wait() const {
  std::array<pollfd, 2> polled{pollfd{setup_.signals, POLLIN, 0},
                               pollfd{descriptors_.status.get(), POLLIN, 0}};
  ::poll(polled.data(), polled.size(), -1);
  if (polled[1].revents != 0) return Course::killed;
  return next_signal(setup_.signals) == kParentDeathSignal ? Course::orphaned : Course::on;
}

/// Returns true if any child is left.
bool Keeper::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return pid == 0;
    note_end(pid, status);
  }
}

void Keeper::note_end(pid_t pid, int status) {
  // The number may be reused for a descendant.
  if (pid != leader_) return;
  leader_ = -1;
  siginfo_t left;
  has_left_ = ::waitid(P_ALL, 0, &left, WEXITED | WNOHANG | WNOWAIT) == 0;
  const bool has_exited = WIFEXITED(status);
  send_status(descriptors_.status.get(),
              {has_left_ ? StatusKind::ended_first : StatusKind::ended,
               has_exited ? WEXITSTATUS(status) : -1, has_exited ? 0 : WTERMSIG(status)});
}

}  // namespace hotline::engine
