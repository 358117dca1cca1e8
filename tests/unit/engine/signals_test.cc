#include "engine/signals.h"

#include <pthread.h>
#include <signal.h>

#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::engine {
namespace {

/// Gives the thread its signal mask back.
class KeepsMask {
 public:
  KeepsMask() { pthread_sigmask(SIG_BLOCK, nullptr, &mask_); }
  ~KeepsMask() { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

 private:
  sigset_t mask_;
};

}  // namespace

TEST_CASE("signals are waited for as anything else, in place of what they would do") {
  const KeepsMask mask;
  test::on_each_engine([] {
    auto signals = Signals::block({SIGUSR1, SIGUSR2});
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
    auto signals = Signals::block({SIGUSR1});
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
    auto signals = Signals::block({SIGUSR1});
    REQUIRE(signals);
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&] { kind = test::kind_of(signals->wait()); }));
    REQUIRE(group.spawn("canceller", [&] { group.cancel(); }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
  });
}

TEST_CASE("broken pipes are ignored unless the program has a handler of its own") {
  struct sigaction before {};
  struct sigaction after {};
  ::sigaction(SIGPIPE, nullptr, &before);

  ::signal(SIGPIPE, SIG_DFL);
  ignore_broken_pipes();
  ::sigaction(SIGPIPE, nullptr, &after);
  CHECK((after.sa_handler == SIG_IGN));

  void (*const own)(int) = [](int) {};
  ::signal(SIGPIPE, own);
  ignore_broken_pipes();
  ::sigaction(SIGPIPE, nullptr, &after);
  CHECK((after.sa_handler == own));

  ::sigaction(SIGPIPE, &before, nullptr);
}

}  // namespace hotline::engine
