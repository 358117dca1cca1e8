#include "hotline/engine/cancel_hold.h"

#include <doctest/doctest.h>

#include <fstream>

#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "engine/interrupter.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/directory.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/event.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/simulated.h"
#include "support/temporary_directory.h"

namespace hotline::engine::cancel_hold_test {
namespace {

using std::chrono::milliseconds;

/// Returns the kind of the failure; nullopt for a success.
template <typename T>
std::optional<ErrorKind> kind_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().kind);
}

TEST_CASE("a fiber that is cancelled already can clean up its files under a hold") {
  const test::TemporaryDirectory temporary;
  test::on_each_loop([&](EventLoop& loop) {
    std::ofstream(temporary.file("left"));
    FiberGroup group(loop);
    group.interrupt(kCancelEnd);
    loop.spawn(
        "cancelled",
        [&] {
          CHECK(kind_of(Directory::open(temporary.path())) == ErrorKind::cancelled);
          {
            const CancelHold hold;
            const auto directory = Directory::open(temporary.path());
            REQUIRE(directory);
            CHECK(directory->remove_file("left"));
            CHECK(offload([] {}));
            CHECK(sleep_for(milliseconds(1)));
          }
          CHECK(kind_of(Directory::open(temporary.path())) == ErrorKind::cancelled);
          CHECK(kind_of(sleep_for(milliseconds(1))) == ErrorKind::cancelled);
        },
        &group);
    group.join();
  });
}

TEST_CASE("a cancel that arrives under a hold ends no wait in it, and the next one after it") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    Event event;
    loop.spawn(
        "held",
        [&] {
          {
            const CancelHold hold;
            CHECK(event.wait());
          }
          CHECK(kind_of(event.wait()) == ErrorKind::cancelled);
        },
        &group);
    loop.yield();
    group.interrupt(kCancelEnd);
    for (int i = 0; i < 5; ++i) loop.yield();
    event.set();
    group.join();
  });
}

TEST_CASE("a deadline around a hold ends no wait in it, and its own deadlines do") {
  test::on_each_loop([](EventLoop&) {
    const DeadlineScope passed(deadline_after(milliseconds(0)));
    Event event;
    {
      const CancelHold hold;
      CHECK(sleep_for(milliseconds(1)));
      const DeadlineScope own(deadline_after(milliseconds(1)));
      CHECK(kind_of(event.wait()) == ErrorKind::timed_out);
    }
    CHECK(kind_of(event.wait()) == ErrorKind::timed_out);
  });
}

TEST_CASE(
    "the outermost of nested holds counts, and a hold of drains in it lets no cancel through") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    group.interrupt(kCancelEnd);
    loop.spawn(
        "held",
        [&] {
          const CancelHold outer;
          { const CancelHold inner; }
          const DrainHold drain;
          CHECK(sleep_for(milliseconds(1)));
        },
        &group);
    group.join();
  });
}

TEST_CASE("a group that is joined under a hold is not cancelled with its fiber") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    Event event;
    loop.spawn(
        "held",
        [&] {
          const CancelHold hold;
          TaskGroup inner;
          CHECK(inner.spawn("member", [&] { CHECK(event.wait()); }));
          CHECK(inner.join());
        },
        &group);
    loop.yield();
    group.interrupt(kCancelEnd);
    for (int i = 0; i < 5; ++i) loop.yield();
    event.set();
    group.join();
  });
}

TEST_CASE("a thread without a loop holds a cancel too") {
  const test::TemporaryDirectory temporary;
  Interrupter interrupter;
  const BlockingEngine::Interruptible engine(interrupter);
  interrupter.cancel();
  CHECK(kind_of(Directory::open(temporary.path())) == ErrorKind::cancelled);
  {
    const CancelHold hold;
    CHECK(Directory::open(temporary.path()));
    CHECK(sleep_for(milliseconds(1)));
    CHECK(offload([] {}));
  }
  CHECK(kind_of(sleep_for(milliseconds(1))) == ErrorKind::cancelled);
}

TEST_CASE("a fiber of a simulated loop holds a cancel too") {
  test::Simulation simulation;
  simulation.run([&] {
    FiberGroup group(simulation.loop);
    group.interrupt(kCancelEnd);
    simulation.loop.spawn(
        "held",
        [&] {
          {
            const CancelHold hold;
            CHECK(Directory::open("/"));
            CHECK(offload([] {}));
            CHECK(sleep_for(milliseconds(1)));
          }
          CHECK(kind_of(Directory::open("/")) == ErrorKind::cancelled);
        },
        &group);
    group.join();
  });
}

}  // namespace
}  // namespace hotline::engine::cancel_hold_test
