#include "engine/fiber_group.h"

#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/loop_event.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::fiber_group_test {

TEST_CASE("a group counts its members until they end, in any order") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    std::vector<std::unique_ptr<LoopEvent>> ends;
    for (int i = 0; i < 4; ++i) {
      LoopEvent& end = *ends.emplace_back(std::make_unique<LoopEvent>(loop));
      loop.spawn(
          "member", [&] { end.wait(); }, &group);
    }
    loop.yield();
    std::size_t left = 4;
    for (const std::size_t i : {2U, 0U, 3U, 1U}) {
      CHECK(group.size() == left--);
      ends[i]->set();
      loop.yield();
    }
    CHECK(group.size() == 0);
    CHECK(group.join() == 0);
  });
}

TEST_CASE("a member may end at any place in the group, and the others are still reached") {
  test::on_each_loop([](EventLoop& loop) {
    for (int ending = 0; ending < 3; ++ending) {
      FiberGroup group(loop);
      int cancelled = 0;
      for (int i = 0; i < 3; ++i) {
        loop.spawn(
            "member",
            [&, i] {
              if (i == ending) return;
              if (LoopEvent(loop).wait() == -kCancelEnd) ++cancelled;
            },
            &group);
      }
      loop.yield();
      loop.yield();
      group.interrupt(kCancelEnd);
      group.join();
      CHECK(cancelled == 2);
    }
  });
}

TEST_CASE("a cancelled joiner cancels its members and waits until they have ended") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup outer(loop);
    int member_result = 0;
    int join_result = 0;
    std::size_t left = 1;
    loop.spawn(
        "joiner",
        [&] {
          FiberGroup inner(loop);
          loop.spawn(
              "member",
              [&] {
                member_result = LoopEvent(loop).wait();
                loop.yield();
              },
              &inner);
          join_result = inner.join();
          left = inner.size();
        },
        &outer);
    loop.yield();
    loop.yield();
    outer.interrupt(kCancelEnd);
    outer.join();
    CHECK(member_result == -kCancelEnd);
    CHECK(join_result == -kCancelEnd);
    CHECK(left == 0);
  });
}

TEST_CASE("a drained joiner drains its members and returns without an error") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup outer(loop);
    int scope_code = 0;
    int join_result = -1;
    loop.spawn(
        "joiner",
        [&] {
          FiberGroup inner(loop);
          loop.spawn(
              "member",
              [&] {
                CHECK(sleep_for(std::chrono::milliseconds(1)));
                scope_code = loop.scope().end_code;
              },
              &inner);
          join_result = inner.join();
        },
        &outer);
    loop.yield();
    outer.interrupt(kDrainEnd);
    outer.join();
    CHECK(scope_code == kDrainEnd);
    CHECK(join_result == 0);
  });
}

TEST_CASE("joining a group that was cancelled before is not an error for the joiner") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    group.interrupt(kCancelEnd);
    int result = 0;
    loop.spawn(
        "member", [&] { result = LoopEvent(loop).wait(); }, &group);
    CHECK(group.join() == 0);
    CHECK(result == -kCancelEnd);
  });
}

TEST_CASE("the first exception that left a member is returned once") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    loop.spawn(
        "one", [] { throw 1; }, &group);
    loop.spawn(
        "other", [] { throw 2; }, &group);
    CHECK(group.join() == 0);
    int caught = 0;
    try {
      std::rethrow_exception(group.take_thrown());
    } catch (int value) {
      caught = value;
    }
    CHECK(caught == 1);
    CHECK_FALSE(group.take_thrown());
  });
}

TEST_CASE("a group of four thousand ends without a loop over all of them for each") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    int ended = 0;
    for (int i = 0; i < 4'000; ++i) {
      REQUIRE(loop.spawn(
          "member", [&] { ++ended; }, &group));
    }
    group.join();
    CHECK(ended == 4'000);
  });
}

}  // namespace hotline::engine::fiber_group_test
