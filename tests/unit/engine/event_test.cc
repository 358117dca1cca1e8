#include "hotline/engine/event.h"

#include <optional>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::event_test {
namespace {

using std::chrono::milliseconds;

}  // namespace

TEST_CASE("what has happened twice is waited for once") {
  test::on_each_engine([] {
    Event event;
    event.set();
    event.set();
    CHECK(event.wait());
    CHECK(test::kind_of(event.wait(deadline_after(milliseconds(1)))) == "timed_out");
  });
}

TEST_CASE("taking an event says whether it has happened, and never waits") {
  test::on_each_engine([] {
    Event event;
    CHECK_FALSE(event.take());
    event.set();
    CHECK(event.take());
    CHECK_FALSE(event.take());
  });
}

TEST_CASE("another thread lets a waiter go") {
  test::on_each_engine([] {
    Event event;
    const std::jthread setter([&] { event.set(); });
    CHECK(event.wait());
  });
}

TEST_CASE("each time it happens lets one waiter go, the one that has waited longest") {
  test::on_each_engine([] {
    Event event;
    std::string order;
    TaskGroup group;
    for (const char name : {'a', 'b', 'c'}) {
      REQUIRE(group.spawn("waiter", [&, name] {
        CHECK(event.wait());
        order += name;
      }));
    }
    REQUIRE(group.spawn("setter", [&] {
      for (std::size_t done = 0; done < 3; ++done) {
        CHECK(order.size() == done);
        event.set();
        while (order.size() == done) yield();
      }
    }));
    CHECK(group.join());
    CHECK(order == "abc");
  });
}

TEST_CASE("a drain ends a wait for an event only if the wait says so") {
  test::on_each_engine([] {
    for (const OnDrain on_drain : {OnDrain::goes_on, OnDrain::ends}) {
      Event event;
      std::string kind = "none";
      TaskGroup group;
      REQUIRE(group.spawn("waiter", [&] {
        kind = test::kind_of(event.wait(deadline_after(milliseconds(1)), on_drain));
      }));
      group.drain();
      CHECK(group.join());
      CHECK(kind == (on_drain == OnDrain::ends ? "draining" : "timed_out"));
    }
  });
}

TEST_CASE("a cancel and the deadline of a scope end a wait for an event") {
  test::on_each_engine([] {
    Event event;
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&] { kind = test::kind_of(event.wait()); }));
    group.cancel();
    CHECK(group.join());
    CHECK(kind == "cancelled");
    const DeadlineScope scope(deadline_after(milliseconds(1)));
    CHECK(test::kind_of(event.wait()) == "timed_out");
  });
}

TEST_CASE("a waiter that was let go may destroy the event while the other thread is still in set") {
  test::on_each_engine([] {
    for (int i = 0; i < 200; ++i) {
      std::optional<Event> event(std::in_place);
      std::jthread setter([&, only = &*event] { only->set(); });
      CHECK(event->wait());
      event.reset();
    }
  });
}

TEST_CASE("in a simulated world an event takes the time until it happens, and no more") {
  test::Simulation simulation;
  simulation.run([&] {
    Event event;
    TaskGroup group;
    const Instant began = now();
    REQUIRE(group.spawn("setter", [&] {
      CHECK(sleep_for(std::chrono::hours(2)));
      event.set();
    }));
    CHECK(test::kind_of(event.wait(deadline_after(std::chrono::hours(1)))) == "timed_out");
    CHECK(now() - began == std::chrono::hours(1));
    CHECK(event.wait());
    CHECK(now() - began == std::chrono::hours(2));
    CHECK(group.join());
  });
}

}  // namespace hotline::event_test
