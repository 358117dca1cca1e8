#include "engine/terminal_guard.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "hotline/engine/inherited_signals.h"

namespace hotline::engine {
namespace {

/// A signal whose action is ours while a terminal is guarded_terminal.
struct Watched {
  int signal = 0;
  bool ends = true;  ///< Its default action ends or stops the process.
  bool is_taken = false;
  struct sigaction before {};
};

// Signal handlers reach only what is static.
std::atomic<bool> is_guarded = false;
std::atomic<bool> is_in_use = false;  ///< The terminal is to have the `used` settings.
GuardedTerminal guarded_terminal;
std::array<Watched, 8> watched{{{.signal = SIGHUP},
                                {.signal = SIGINT},
                                {.signal = SIGQUIT},
                                {.signal = SIGTERM},
                                {.signal = SIGPIPE},
                                {.signal = SIGTSTP},
                                {.signal = SIGCONT, .ends = false},
                                {.signal = SIGWINCH, .ends = false}}};

/// While another group has the terminal, its settings are that group's. A terminal that does not
/// control this process has no groups.
int put(const termios& settings) {
  const pid_t group = ::tcgetpgrp(guarded_terminal.fd);
  if (group >= 0 && group != ::getpgrp()) return 0;
  return ::tcsetattr(guarded_terminal.fd, TCSANOW, &settings) == 0 ? 0 : -errno;
}

void install(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

void on_change(int signal) {
  const int before = errno;
  if (signal == SIGCONT && is_in_use) put(guarded_terminal.used);
  ::eventfd_write(guarded_terminal.changed_counter, 1);
  errno = before;
}

/// Stops the process as if it had no handler.
void on_stop(int signal) {
  const int before = errno;
  if (is_in_use) put(guarded_terminal.own);
  install(signal, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  sigset_t blocked;
  ::pthread_sigmask(SIG_UNBLOCK, &only, &blocked);
  ::raise(signal);
  ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  install(signal, on_stop);
  // A process without a shell is not stopped, so nothing continues it.
  on_change(SIGCONT);
  errno = before;
}

void take(Watched& each) {
  ::sigaction(each.signal, nullptr, &each.before);
  each.is_taken = !each.ends || each.before.sa_handler == SIG_DFL;
  if (!each.is_taken) return;
  const bool stops = each.signal == SIGTSTP;
  install(each.signal, !each.ends ? on_change : stops ? on_stop : end_by_signal);
}

}  // namespace

int guard_terminal(const GuardedTerminal& terminal) {
  if (is_guarded.exchange(true)) return -EBUSY;
  guarded_terminal = terminal;
  for (Watched& each : watched) take(each);
  is_in_use = true;
  // Not put(): in the background this stops the process until it has the terminal.
  if (::tcsetattr(guarded_terminal.fd, TCSANOW, &guarded_terminal.used) == 0) return 0;
  const int failure = errno;
  is_in_use = false;
  release_guarded_terminal();
  return -failure;
}

void restore_guarded_terminal() noexcept {
  if (is_in_use.exchange(false)) put(guarded_terminal.own);
}

void release_guarded_terminal() noexcept {
  restore_guarded_terminal();
  for (const Watched& each : watched) {
    if (each.is_taken) ::sigaction(each.signal, &each.before, nullptr);
  }
  is_guarded = false;
}

}  // namespace hotline::engine
