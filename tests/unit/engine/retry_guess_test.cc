#include "engine/retry_guess.h"

#include <doctest/doctest.h>

namespace hotline::engine::retry_guess_test {
namespace {

/// Returns how many receives of two datagrams it takes until the next attempt is chosen.
int receives_until_chosen(RetryGuess& guess) {
  for (int receives = 1; receives < 1'000; ++receives) {
    guess.consider(2);
    if (guess.take()) return receives;
  }
  return 0;
}

}  // namespace

TEST_CASE("an attempt is chosen after several datagrams, once") {
  RetryGuess guess;
  CHECK_FALSE(guess.take());
  guess.consider(2);
  CHECK(guess.take());
  CHECK_FALSE(guess.take());
}

TEST_CASE("no attempt is chosen after a single datagram") {
  RetryGuess guess;
  guess.consider(1);
  CHECK_FALSE(guess.take());
}

TEST_CASE("attempts that find nothing are chosen more and more rarely, but again and again") {
  RetryGuess guess;
  for (const int receives : {1, 2, 4, 8, 16, 32, 64, 64}) {
    CHECK(receives_until_chosen(guess) == receives);
    guess.note(false);
  }
}

TEST_CASE("after an attempt that found datagrams the next one is chosen at once") {
  RetryGuess guess;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(receives_until_chosen(guess) > 0);
    guess.note(false);
  }
  REQUIRE(receives_until_chosen(guess) == 64);
  guess.note(true);
  CHECK(receives_until_chosen(guess) == 1);
}

}  // namespace hotline::engine::retry_guess_test
