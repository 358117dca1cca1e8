#include "hotline/engine/inherited_signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include <doctest/doctest.h>

namespace hotline::inherited_signals_test {
namespace {

/// Restores the signal mask of the process and the action of one signal.
class KeepsSignals {
 public:
  explicit KeepsSignals(int signal) : signal_(signal) {
    ::pthread_sigmask(SIG_BLOCK, nullptr, &mask_);
    ::sigaction(signal, nullptr, &action_);
  }
  KeepsSignals(const KeepsSignals&) = delete;
  KeepsSignals& operator=(const KeepsSignals&) = delete;
  ~KeepsSignals() {
    ::sigaction(signal_, &action_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

 private:
  int signal_;
  sigset_t mask_{};
  struct sigaction action_ {};
};

bool is_ignored(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

}  // namespace

TEST_CASE("no signal stays blocked") {
  const KeepsSignals kept(SIGCHLD);
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  reset_inherited_signals();
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal) {
    CAPTURE(signal);
    CHECK(sigismember(&blocked, signal) == 0);
  }
}

TEST_CASE("an ignored SIGCHLD gets its default action") {
  const KeepsSignals kept(SIGCHLD);
  ::signal(SIGCHLD, SIG_IGN);
  reset_inherited_signals();
  CHECK_FALSE(is_ignored(SIGCHLD));
}

TEST_CASE("other signals stay ignored") {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU}) {
    CAPTURE(signal);
    const KeepsSignals kept(signal);
    ::signal(signal, SIG_IGN);
    reset_inherited_signals();
    CHECK(is_ignored(signal));
  }
}

TEST_CASE("a process that ends by a signal is seen to have ended so, even if it blocked it") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      sigset_t all;
      sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      ::signal(signal, SIG_IGN);
      end_by_signal(signal);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
  }
}

TEST_CASE("a signal that ends no process gives the status that stands for it") {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) end_by_signal(SIGURG);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGURG);
}

}  // namespace hotline::inherited_signals_test
