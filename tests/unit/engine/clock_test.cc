#include "hotline/engine/clock.h"

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "support/loops.h"

namespace hotline::clock_test {

using std::chrono::milliseconds;

TEST_CASE("a sleep lasts at least as long as requested") {
  test::on_each_engine([] {
    const Instant before = now();
    CHECK(sleep_for(milliseconds(3)));
    CHECK(std::chrono::steady_clock::now() - before >= milliseconds(3));
  });
}

TEST_CASE("a sleep for no time, or until an instant that has passed, ends") {
  test::on_each_engine([] {
    CHECK(sleep_for(Duration::zero()));
    CHECK(sleep_for(milliseconds(-5)));
    CHECK(sleep_until(Deadline::at(now())));
  });
}

TEST_CASE("sleepers wake in the order of their deadlines") {
  test::on_each_loop([](engine::EventLoop& loop) {
    std::string order;
    engine::FiberGroup group(loop);
    const Instant start = now();
    for (const int delay_ms : {6, 2, 4}) {
      loop.spawn(
          "sleeper",
          [&order, start, delay_ms] {
            CHECK(sleep_until(Deadline::after(start, milliseconds(delay_ms))));
            order += std::to_string(delay_ms);
          },
          &group);
    }
    group.join();
    CHECK(order == "246");
  });
}

TEST_CASE("the wall clock is that of the system") {
  test::on_each_engine([] {
    const auto before = std::chrono::system_clock::now();
    const auto between = wall_clock_now();
    CHECK(between >= before);
    CHECK(std::chrono::system_clock::now() >= between);
  });
}

TEST_CASE("both clocks go on within a turn of a loop") {
  test::on_each_engine([] {
    const ClockReading first = read_clocks();
    ClockReading second = first;
    while (second.monotonic == first.monotonic) second = read_clocks();
    CHECK(second.monotonic > first.monotonic);
    CHECK(second.wall >= first.wall);
    CHECK(second.monotonic <= std::chrono::steady_clock::now());
  });
}

TEST_CASE("no timeout is a deadline that never passes") {
  test::on_each_engine([] {
    CHECK(deadline_after(kNoTimeout).is_never());
    CHECK(deadline_after(milliseconds(1)).instant() >= now());
  });
}

TEST_CASE("a drain ends a sleep only if the sleep says so") {
  test::on_each_loop([](engine::EventLoop& loop) {
    for (const OnDrain on_drain : {OnDrain::goes_on, OnDrain::ends}) {
      engine::FiberGroup group(loop);
      std::string kind = "none";
      loop.spawn(
          "sleeper", [&] { kind = test::kind_of(sleep_for(milliseconds(2), on_drain)); }, &group);
      loop.yield();
      group.interrupt(engine::kDrainEnd);
      group.join();
      CHECK(kind == (on_drain == OnDrain::ends ? "draining" : ""));
    }
  });
}

}  // namespace hotline::clock_test
