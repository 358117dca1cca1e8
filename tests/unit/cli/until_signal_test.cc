#include "cli/until_signal.h"

#include <pthread.h>

#include <chrono>
#include <csignal>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::cli::until_signal_test {
namespace {

using namespace std::chrono_literals;

TEST_CASE("work that returns ends it without a signal") {
  bool has_run = false;
  const auto signal = run_until_signal([&] { has_run = true; });
  REQUIRE(signal);
  CHECK_FALSE(*signal);
  CHECK(has_run);
}

TEST_CASE("each signal that ends programs cancels the work, and is returned") {
  for (const int number : {SIGINT, SIGTERM}) {
    Result<void> slept;
    const auto signal = run_until_signal([&] {
      ::pthread_kill(::pthread_self(), number);
      slept = sleep_for(1h);
    });
    REQUIRE(signal);
    CHECK(*signal == number);
    CHECK(test::kind_of(slept) == "cancelled");
  }
}

TEST_CASE("a signal that this program ignores does nothing") {
  const auto before = std::signal(SIGINT, SIG_IGN);
  const auto signal = run_until_signal([] {
    ::pthread_kill(::pthread_self(), SIGINT);
    discard(sleep_for(1ms));
  });
  std::signal(SIGINT, before);
  REQUIRE(signal);
  CHECK_FALSE(*signal);
}

TEST_CASE("afterwards the signals have their usual effect") {
  REQUIRE(run_until_signal([] {}));
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  CHECK(sigismember(&blocked, SIGINT) == 0);
  CHECK(sigismember(&blocked, SIGTERM) == 0);
}

}  // namespace
}  // namespace hotline::cli::until_signal_test
