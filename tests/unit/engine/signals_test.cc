#include "hotline/engine/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/kept_action.h"
#include "support/loops.h"

namespace hotline::signals_test {
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

TEST_CASE("without a descriptor left the signals stay as they were") {
  const KeepsMask mask;
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto signals = Signals::block(std::array{SIGUSR1});
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(!signals);
  CHECK(signals.error().kind == ErrorKind::resource_exhausted);
  CHECK(!engine::Engine::current().is_blocked(SIGUSR1));
}

TEST_CASE("a fiber that waits for signals lets the others run") {
  const KeepsMask mask;
  test::on_each_loop([](engine::EventLoop& loop) {
    auto signals = Signals::block(std::array{SIGUSR1});
    REQUIRE(signals);
    engine::FiberGroup group(loop);
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

TEST_CASE("a drain ends a wait for signals only if the wait says so, and after what has come") {
  const KeepsMask mask;
  test::on_each_engine([] {
    auto signals = Signals::block({SIGUSR1});
    REQUIRE(signals);
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&] {
      CHECK(test::kind_of(signals->wait(Deadline::never(), OnDrain::ends)) == "draining");
      CHECK(test::kind_of(signals->wait(deadline_after(std::chrono::milliseconds(1)))) ==
            "timed_out");
      ::raise(SIGUSR1);
      CHECK(signals->wait(Deadline::never(), OnDrain::ends).value() == SIGUSR1);
    }));
    REQUIRE(group.spawn("drainer", [&] { group.drain(); }));
    CHECK(group.join());
  });
}

TEST_CASE("a wait for signals ends at its deadline") {
  const KeepsMask mask;
  test::on_each_engine([] {
    auto signals = Signals::block({SIGUSR1});
    REQUIRE(signals);
    CHECK(test::kind_of(signals->wait(deadline_after(std::chrono::milliseconds(1)))) ==
          "timed_out");
    ::raise(SIGUSR1);
    CHECK(signals->wait(Deadline::at(now())).value() == SIGUSR1);
  });
}

TEST_CASE("a number that is not a signal is refused") {
  const KeepsMask mask;
  for (const int number : {0, -1, 65, 1000}) {
    const auto signals = Signals::block({SIGUSR1, number});
    REQUIRE_FALSE(signals);
    CHECK(signals.error().message() == "cannot watch for signals: there is no such signal");
  }
}

TEST_CASE("a signal has its own effect again after the object that waited for it") {
  const KeepsMask mask;
  { CHECK(Signals::block({SIGUSR1})); }
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  CHECK(sigismember(&blocked, SIGUSR1) == 0);
}

TEST_CASE("a signal that is kept blocked comes to nothing after that object") {
  const KeepsMask mask;
  {
    auto signals = Signals::block({SIGUSR1});
    REQUIRE(signals);
    signals->keep_blocked();
    ::raise(SIGUSR1);
  }
  CHECK(engine::Engine::current().is_blocked(SIGUSR1));
  // It is there for the next one, before which it must not end this process.
  CHECK(Signals::block({SIGUSR1})->wait().value() == SIGUSR1);
}

namespace {

void own_handler(int) {}

}  // namespace

TEST_CASE("a signal that the process ignores is left out, one with a handler is not") {
  const test::KeptAction first(SIGINT);
  const test::KeptAction second(SIGHUP);
  const test::KeptAction third(SIGUSR1);
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_DFL);
  ::signal(SIGUSR1, own_handler);
  CHECK(without_ignored({SIGINT, SIGHUP, SIGUSR1}) == std::vector<int>{SIGHUP, SIGUSR1});
}

}  // namespace hotline::signals_test
