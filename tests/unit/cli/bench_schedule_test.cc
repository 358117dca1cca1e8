#include "cli/bench_schedule.h"

#include <doctest/doctest.h>

#include "cli/histogram.h"

namespace hotline::cli::bench_schedule_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kBegin{1h};

BenchSchedule schedule(const BenchOptions& options, std::size_t index = 0) {
  return {options, BenchTimes::of(options, kBegin), index};
}

/// When the next message is due since the begin, and takes it.
Duration take(BenchSchedule& schedule, Instant now = kBegin) {
  const auto due = schedule.next(now);
  REQUIRE(due);
  schedule.advance(*due);
  return *due - kBegin;
}

}  // namespace

TEST_CASE("in an open loop the messages of all connections are due in equal intervals") {
  const BenchOptions options{.connections = 4, .rate = 100};
  for (std::size_t index = 0; index < 4; ++index) {
    BenchSchedule one = schedule(options, index);
    CHECK(take(one) == 10ms * index);
    CHECK(take(one) == 10ms * (index + 4));
    CHECK(take(one) == 10ms * (index + 8));
  }
}

TEST_CASE("in an open loop a message stays due at its time, however late it is") {
  BenchSchedule one = schedule({.rate = 10, .duration = 10s});
  CHECK(take(one, kBegin + 5s) == 0ms);
  CHECK(take(one, kBegin + 5s) == 100ms);
}

TEST_CASE("in a closed loop a message is due at once") {
  BenchSchedule one = schedule({.duration = 10s});
  CHECK(take(one, kBegin + 5s) == 5s);
  CHECK(take(one, kBegin + 5s) == 5s);
  CHECK(one.missed(kBegin + 9s) == 0);
}

TEST_CASE("nothing is due when the time is over") {
  const BenchSchedule closed = schedule({.duration = 10s, .warm_up = 2s});
  CHECK(closed.next(kBegin + 12s - 1ns));
  CHECK_FALSE(closed.next(kBegin + 12s));
  BenchSchedule open = schedule({.rate = 1, .duration = 2s});
  CHECK(take(open) == 0s);
  CHECK(take(open) == 1s);
  // So that the load goes on until the end.
  CHECK(open.next(kBegin + 1s) == kBegin + 2s);
  CHECK_FALSE(open.next(kBegin + 2s));
}

TEST_CASE("the messages are divided among the connections") {
  const BenchOptions options{.connections = 3, .messages = 5};
  std::size_t sent = 0;
  for (std::size_t index = 0; index < 3; ++index) {
    BenchSchedule one = schedule(options, index);
    for (std::size_t here = 0; one.next(kBegin); ++here, ++sent) {
      REQUIRE(here < 2);
      take(one);
    }
  }
  CHECK(sent == 5);
}

TEST_CASE("messages of the warm-up do not count") {
  BenchSchedule one = schedule({.rate = 1, .messages = 2, .warm_up = 3s});
  for (const Duration due : {0s, 1s, 2s, 3s, 4s}) CHECK(take(one) == due);
  CHECK_FALSE(one.next(kBegin));
  CHECK_FALSE(one.is_measured(kBegin + 3s - 1ns));
  CHECK(one.is_measured(kBegin + 3s));
}

TEST_CASE("what was due and not sent is missed") {
  BenchSchedule one = schedule({.connections = 2, .rate = 20, .duration = 10s}, 1);
  CHECK(one.missed(kBegin) == 0);
  CHECK(one.missed(kBegin + 1s) == 10);
  CHECK(one.missed(kBegin + 20s) == 100);
  for (int i = 0; i < 7; ++i) take(one);
  CHECK(one.missed(kBegin + 1s) == 3);
  CHECK(one.missed(kBegin + 100ms) == 0);
  CHECK(schedule({.rate = 10, .messages = 4}).missed(kBegin + 1s) == 4);
}

TEST_CASE("what is missed has waited until the end at least, unless that was in the warm-up") {
  BenchSchedule one = schedule({.rate = 10, .duration = 2s, .warm_up = 1s});
  for (int i = 0; i < 5; ++i) take(one);
  CHECK(one.missed(kBegin + 5s) == 20);
  const Histogram bounds = one.missed_bounds(kBegin + 5s);
  CHECK(bounds.total() == 20);
  CHECK(bounds.max() == 2'000'000'000);
  CHECK(bounds.percentile(0) == doctest::Approx(100e6).epsilon(0.01));
  CHECK(bounds.mean() == doctest::Approx(1050e6).epsilon(0.01));
  CHECK(schedule({.duration = 2s}).missed_bounds(kBegin + 5s).total() == 0);
}

TEST_CASE("millions of missed messages are counted in a moment") {
  const BenchSchedule one = schedule({.rate = 100'000'000, .duration = 1000s});
  const Histogram bounds = one.missed_bounds(kBegin + 1000s);
  CHECK(bounds.total() == 100'000'000'000);
  CHECK(bounds.max() == 1'000'000'000'000);
  CHECK(bounds.percentile(0.5) == doctest::Approx(500e9).epsilon(0.01));
  CHECK(bounds.percentile(0.001) == doctest::Approx(1e9).epsilon(0.01));
}

TEST_CASE("no message is missed when all that are due have been sent, whatever the rate") {
  for (std::size_t rate = 1; rate < 1000; rate += 7) {
    CAPTURE(rate);
    BenchSchedule one = schedule(
        {.connections = 3, .rate = rate, .duration = 1s, .warm_up = std::chrono::milliseconds(100)},
        rate % 3);
    const Instant end = kBegin + 1100ms;
    for (auto due = one.next(kBegin); *due < end; due = one.next(kBegin)) one.advance(*due);
    CHECK(one.missed(end) == 0);
  }
}

TEST_CASE("without a duration the time has no end") {
  CHECK(BenchTimes::of({}, kBegin).end.is_never());
  CHECK(schedule({}).next(kBegin + 24h * 365));
}

}  // namespace hotline::cli::bench_schedule_test
