#include "engine/launcher/keeper.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/launcher/clean_environment.h"
#include "engine/launcher/launch_request.h"
#include "engine/launcher/program_start.h"
#include "engine/operations/system_result.h"

namespace hotline::engine {
namespace {

constexpr std::uint64_t kBytesInKilobyte = 1024;

std::int64_t microseconds(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

LaunchStatus status_of(const EndedChild& child, StatusKind kind) {
  const bool has_exited = WIFEXITED(child.status);
  return {.kind = kind,
          .value = has_exited ? WEXITSTATUS(child.status) : -1,
          .signal = has_exited ? 0 : WTERMSIG(child.status),
          .has_dumped_core = !has_exited && WCOREDUMP(child.status) ? 1 : 0,
          .user_us = microseconds(child.usage.ru_utime),
          .system_us = microseconds(child.usage.ru_stime),
          .memory_max_bytes = static_cast<std::uint64_t>(child.usage.ru_maxrss) * kBytesInKilobyte};
}

}  // namespace

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
  setup_.spares.end_fork(setup_.fork, ::getpid());
  while (take_request(launcher)) {
    if (start() && watch() == Course::orphaned) return;
    if (!become_spare()) return;
  }
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
    started = start_program(
        {*request, descriptors_.output.get(), descriptors_.error.get(), descriptors_.input.get()});
  }
  // When the launch returns, only the program and its descendants can read its input.
  descriptors_.input.reset();
  send_status(descriptors_.status.get(), started.status);
  // Only after the start: this may make the launcher fork another keeper, which can wait until the
  // program runs.
  setup_.spares.remove(::getpid());
  const char notice = 0;
  if (setup_.spares.count() < SpareKeepers::kWanted) {
    system_result([&] { return ::write(setup_.notices, &notice, sizeof notice); });
  }
  // The process that reads them must see their end.
  descriptors_.output.reset();
  descriptors_.error.reset();
  leader_ = group_ = started.pid;
  return leader_ >= 0;
}

/// Returns when the tree has ended, and why.
Keeper::Course Keeper::watch() {
  do {
    switch (wait()) {
      case Course::on: break;
      case Course::killed:
        tell_kept();
        end_descendants([this](const EndedChild& child) { note_end(child); }, group_);
        tell_kept();
        return Course::killed;
      // It is unknown how the program would have ended, so no end is reported to the server.
      case Course::orphaned:
        // The server notices the death of the launcher when no process has this open any more.
        UniqueFd(setup_.requests).reset();
        end_descendants([](const EndedChild&) {}, group_);
        return Course::orphaned;
    }
  } while (reap_children([this](const EndedChild& child) { note_end(child); }));
  tell_kept();
  return Course::on;
}

/// Gives up everything of the request. Returns false if there are spare keepers enough.
bool Keeper::become_spare() {
  descriptors_ = {};
  // It may hold secrets.
  ::explicit_bzero(request_.data(), request_.size());
  request_ = {};
  leader_ = group_ = -1;
  return setup_.spares.add(::getpid());
}

void Keeper::tell_kept() {
  if (std::exchange(has_left_, false)) {
    send_status(descriptors_.status.get(), {StatusKind::kept, 0, 0});
  }
}

/// Waits until there is something to do.
Keeper::Course Keeper::wait() {
  std::array<pollfd, 2> polled{pollfd{setup_.signals, POLLIN, 0},
                               pollfd{descriptors_.status.get(), POLLIN, 0}};
  ::poll(polled.data(), polled.size(), -1);
  if (polled[1].revents != 0 && !take_signal_requests()) return Course::killed;
  return next_signal(setup_.signals) == kParentDeathSignal ? Course::orphaned : Course::on;
}

/// Returns false if the server asks for the end of the tree.
bool Keeper::take_signal_requests() {
  for (;;) {
    const int signal = receive_signal_request(descriptors_.status.get());
    if (signal <= 0) return signal == -EAGAIN;
    // The leader has not been reaped, so the number of its group cannot have been reused.
    if (leader_ >= 0) ::kill(-group_, signal);
  }
}

void Keeper::note_end(const EndedChild& child) {
  // The number may be reused for a descendant.
  if (child.pid != leader_) return;
  leader_ = -1;
  siginfo_t left;
  has_left_ = ::waitid(P_ALL, 0, &left, WEXITED | WNOHANG | WNOWAIT) == 0;
  send_status(descriptors_.status.get(),
              status_of(child, has_left_ ? StatusKind::ended_first : StatusKind::ended));
}

}  // namespace hotline::engine
