#include "engine/signal_mask.h"

#include <doctest/doctest.h>

namespace hotline::engine::signal_mask_test {
namespace {

bool is_blocked(int signal) {
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  return sigismember(&blocked, signal) == 1;
}

void change(int how, int signal) {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::pthread_sigmask(how, &only, nullptr);
}

}  // namespace

TEST_CASE("a restored mask blocks what was blocked before, and nothing else") {
  const SignalMask outer;
  change(SIG_BLOCK, SIGUSR1);
  const SignalMask mask;
  change(SIG_UNBLOCK, SIGUSR1);
  change(SIG_BLOCK, SIGUSR2);
  mask.restore();
  CHECK(is_blocked(SIGUSR1));
  CHECK_FALSE(is_blocked(SIGUSR2));
  outer.restore();
  CHECK_FALSE(is_blocked(SIGUSR1));
}

}  // namespace hotline::engine::signal_mask_test
