#include "engine/loop_event.h"

#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::loop_event_test {

using std::chrono::milliseconds;

TEST_CASE("an event that is already set ends one wait at once") {
  test::on_each_loop([](EventLoop&) {
    LoopEvent event(*EventLoop::running());
    event.set();
    event.set();
    CHECK(event.wait() == 0);
    CHECK(event.wait(deadline_after(milliseconds(1))) == -kDeadlineEnd);
  });
}

TEST_CASE("a waiter wakes when the event is set") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent event(loop);
    FiberGroup group(loop);
    loop.spawn(
        "setter", [&] { event.set(); }, &group);
    CHECK(event.wait() == 0);
    CHECK(event.wait(Deadline::at(now())) == -kDeadlineEnd);
    group.join();
  });
}

TEST_CASE("two fibers can wake each other alternately") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent ping(loop);
    LoopEvent pong(loop);
    FiberGroup group(loop);
    int rounds = 0;
    loop.spawn(
        "other",
        [&] {
          for (int i = 0; i < 1000; ++i) {
            CHECK(ping.wait() == 0);
            pong.set();
          }
        },
        &group);
    for (int i = 0; i < 1000; ++i) {
      ping.set();
      rounds += pong.wait() == 0 ? 1 : 0;
    }
    group.join();
    CHECK(rounds == 1000);
  });
}

TEST_CASE("an event that is set together with the end of its wait is kept for the next") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent event(loop);
    FiberGroup group(loop);
    int first = 0;
    loop.spawn(
        "waiter", [&] { first = event.wait(); }, &group);
    loop.yield();
    group.interrupt(kCancelEnd);
    event.set();
    group.join();
    CHECK(first == -kCancelEnd);
    CHECK(event.wait(Deadline::at(now())) == 0);
  });
}

TEST_CASE("another thread sets an event with a letter") {
  test::on_each_loop([](EventLoop& loop) {
    LoopEvent event(loop);
    const std::jthread poster(
        [&, mailbox = loop.mailbox()] { mailbox->post([&] { event.set(); }); });
    CHECK(event.wait() == 0);
  });
}

}  // namespace hotline::engine::loop_event_test
