#include "hotline/engine/deadline_scope.h"

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::deadline_scope_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Deadline in_force() { return engine::Engine::current().scope().deadline; }

}  // namespace

TEST_CASE("a deadline scope limits the waits begun in it, and no others") {
  test::on_each_engine([] {
    {
      const DeadlineScope scope(deadline_after(milliseconds(2)));
      CHECK(test::kind_of(sleep_for(hours(1))) == "timed_out");
    }
    CHECK(sleep_for(milliseconds(1)));
    CHECK(in_force().is_never());
  });
}

TEST_CASE("of nested deadline scopes the earliest wins") {
  test::on_each_engine([] {
    const Deadline early = deadline_after(milliseconds(2));
    const Deadline late = deadline_after(hours(1));
    {
      const DeadlineScope outer(early);
      const DeadlineScope inner(late);
      CHECK(in_force() == early);
      CHECK(test::kind_of(sleep_until(late)) == "timed_out");
    }
    {
      const DeadlineScope outer(late);
      {
        const DeadlineScope inner(early);
        CHECK(in_force() == early);
      }
      CHECK(in_force() == late);
    }
    CHECK(in_force().is_never());
  });
}

TEST_CASE("a deadline scope that has passed already ends every wait at once") {
  test::on_each_engine([] {
    const DeadlineScope scope(Deadline::at(now()));
    CHECK(test::kind_of(sleep_for(hours(1))) == "timed_out");
    CHECK(test::kind_of(sleep_until(Deadline::never())) == "timed_out");
  });
}

TEST_CASE("a sleep that ends together with its scope, or before, has not timed out") {
  test::on_each_engine([] {
    const Deadline deadline = deadline_after(milliseconds(1));
    const DeadlineScope scope(deadline);
    CHECK(sleep_until(deadline));
    CHECK(sleep_until(Deadline::at(deadline.instant() - milliseconds(1))));
  });
}

TEST_CASE("a deadline scope belongs to its fiber") {
  test::on_each_loop([](engine::EventLoop& loop) {
    engine::FiberGroup group(loop);
    loop.spawn(
        "scoped",
        [&] {
          const DeadlineScope scope(Deadline::at(now()));
          loop.yield();
        },
        &group);
    loop.yield();
    CHECK(in_force().is_never());
    CHECK(sleep_for(milliseconds(1)));
    group.join();
  });
}

}  // namespace hotline::deadline_scope_test
