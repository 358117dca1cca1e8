#include "server/retry_pause.h"

#include <new>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/fiber_group.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "support/loops.h"

namespace hotline::server::retry_pause_test {

using engine::EventLoop;

TEST_CASE("a pause that is not interrupted is followed by another attempt") {
  test::on_each_engine([] {
    const Instant before = std::chrono::steady_clock::now();
    CHECK(pause_before_retry(std::chrono::milliseconds(5)));
    CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(5));
  });
}

TEST_CASE("a drain and a cut end a pause, and there is no other attempt") {
  test::on_each_loop([](EventLoop& loop) {
    for (const int end_code : {engine::kDrainEnd, engine::kCancelEnd}) {
      engine::FiberGroup group(loop);
      int tries = 0;
      REQUIRE(loop.spawn(
          "pause",
          [&] {
            do {
              ++tries;
            } while (pause_before_retry(std::chrono::hours(1)));
            // There is also none if it was requested before the pause.
            CHECK_FALSE(pause_before_retry(std::chrono::hours(1)));
          },
          &group));
      loop.yield();
      group.interrupt(end_code);
      CHECK(group.join() == 0);
      CHECK(tries == 1);
    }
  });
}

TEST_CASE("a fiber beyond its deadline does not retry") {
  test::on_each_engine([] {
    const DeadlineScope scope(deadline_after(std::chrono::milliseconds(2)));
    CHECK_FALSE(pause_before_retry(std::chrono::hours(1)));
  });
}

TEST_CASE("an attempt that fails, or finds no memory, is repeated until it succeeds") {
  test::on_each_engine([] {
    int tries = 0;
    CHECK(try_until_done([&] {
      if (++tries == 2) throw std::bad_alloc();
      return tries == 3;
    }));
    CHECK(tries == 3);
  });
}

TEST_CASE("a failed attempt is not repeated when draining") {
  test::on_each_loop([](EventLoop& loop) {
    engine::FiberGroup group(loop);
    int tries = 0;
    REQUIRE(loop.spawn(
        "tries",
        [&] {
          CHECK_FALSE(try_until_done([&] {
            ++tries;
            return false;
          }));
        },
        &group));
    loop.yield();
    group.interrupt(engine::kDrainEnd);
    CHECK(group.join() == 0);
    CHECK(tries == 1);
  });
}

}  // namespace hotline::server::retry_pause_test
