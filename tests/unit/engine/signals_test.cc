#include "engine/signals.h"

#include <pthread.h>
#include <signal.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::engine::signals_test {
namespace {

/// Restores the signal mask of the thread.
class KeepsMask {
 public:
  KeepsMask() { pthread_sigmask(SIG_BLOCK, nullptr, &mask_); }
  ~KeepsMask() { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

 private:
  sigset_t mask_;
};

}  // namespace

TEST_CASE("signals can be waited for, and then do not have their own effect") {
  const KeepsMask mask;
  test::on_each_engine([] {
    auto signals = Signals::block(std::array{SIGUSR1, SIGUSR2});
    REQUIRE(signals);
    ::raise(SIGUSR2);
    const auto first = signals->wait();
    REQUIRE(first);
    CHECK(*first == SIGUSR2);
    ::raise(SIGUSR1);
    const auto second = signals->wait();
    REQUIRE(second);
    CHECK(*second == SIGUSR1);
  });
}

TEST_CASE("a fiber that waits for signals lets the others run") {
  const KeepsMask mask;
  test::on_each_loop([](EventLoop& loop) {
    auto signals = Signals::block(std::array{SIGUSR1});
    REQUIRE(signals);
    FiberGroup group(loop);
    int got = 0;
    loop.spawn(
        "waiter", [&] { got = signals->wait().value_or(0); }, &group);
    loop.spawn(
        "raiser",
        [&] {
          for (int i = 0; i < 3; ++i) loop.yield();
          ::raise(SIGUSR1);
        },
        &group);
    group.join();
    CHECK(got == SIGUSR1);
  });
}

TEST_CASE("a wait for signals can be cancelled") {
  const KeepsMask mask;
  test::on_each_engine([] {
    auto signals = Signals::block(std::array{SIGUSR1});
    REQUIRE(signals);
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&] { kind = test::kind_of(signals->wait()); }));
    REQUIRE(group.spawn("canceller", [&] { group.cancel(); }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
  });
}

namespace {

/// Restores the action of a signal.
class KeepsAction {
 public:
  explicit KeepsAction(int signal) : signal_(signal) { ::sigaction(signal, nullptr, &action_); }
  KeepsAction(const KeepsAction&) = delete;
  KeepsAction& operator=(const KeepsAction&) = delete;
  ~KeepsAction() { ::sigaction(signal_, &action_, nullptr); }

 private:
  int signal_;
  struct sigaction action_ {};
};

struct sigaction action_of(int signal) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action;
}

void own_handler(int) {}

}  // namespace

TEST_CASE("the signals of failed writes are ignored unless the program has a handler") {
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    CAPTURE(signal);
    const KeepsAction kept(signal);
    ::signal(signal, SIG_DFL);
    ignore_failed_writes();
    CHECK((action_of(signal).sa_handler == SIG_IGN));
    ::signal(signal, own_handler);
    ignore_failed_writes();
    CHECK((action_of(signal).sa_handler == own_handler));
  }
}

TEST_CASE("a signal that the process ignores is left out, one with a handler is not") {
  const KeepsAction first(SIGINT);
  const KeepsAction second(SIGHUP);
  const KeepsAction third(SIGUSR1);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_DFL);
  ::signal(SIGUSR1, own_handler);
  CHECK(without_ignored({SIGINT, SIGHUP, SIGUSR1}) == std::vector<int>{SIGHUP, SIGUSR1});
}

TEST_CASE("the ends of children are kept: SIGCHLD is not ignored, and own handlers stay") {
  const KeepsAction kept(SIGCHLD);
  ::signal(SIGCHLD, SIG_IGN);
  keep_ends_of_children();
  CHECK((action_of(SIGCHLD).sa_handler == SIG_DFL));

  struct sigaction own {};
  own.sa_handler = own_handler;
  own.sa_flags = SA_NOCLDWAIT | SA_RESTART;
  ::sigaction(SIGCHLD, &own, nullptr);
  keep_ends_of_children();
  CHECK((action_of(SIGCHLD).sa_handler == own_handler));
  CHECK((action_of(SIGCHLD).sa_flags & SA_NOCLDWAIT) == 0);
  CHECK((action_of(SIGCHLD).sa_flags & SA_RESTART) != 0);
}

}  // namespace hotline::engine::signals_test
