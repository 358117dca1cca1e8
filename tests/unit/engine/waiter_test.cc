#include "engine/waiter.h"

#include <mutex>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::waiter_test {

using std::chrono::milliseconds;

TEST_CASE("a wait that was woken before it began does not wait") {
  test::on_each_engine([] {
    Waiter waiter(OnDrain::goes_on);
    waiter.wake();
    CHECK(waiter.wait(Deadline::never()) == 0);
  });
}

TEST_CASE("another thread wakes a fiber and a thread") {
  test::on_each_engine([] {
    std::mutex mutex;
    Waiter waiter(OnDrain::goes_on);
    std::jthread waker([&] {
      const std::lock_guard lock(mutex);
      waiter.wake();
    });
    CHECK(waiter.wait(Deadline::never()) == 0);
    waker.join();
  });
}

TEST_CASE("a wait that is not woken ends at its deadline") {
  test::on_each_engine([] {
    Waiter waiter(OnDrain::goes_on);
    CHECK(waiter.wait(deadline_after(milliseconds(1))) == -kDeadlineEnd);
    Waiter late(OnDrain::goes_on);
    CHECK(late.wait(Deadline::at(now())) == -kDeadlineEnd);
  });
}

TEST_CASE("a fiber that another thread wakes too late is not woken from its next wait") {
  test::on_each_loop([](EventLoop&) {
    {
      Waiter waiter(OnDrain::goes_on);
      std::jthread([&] { waiter.wake(); }).join();
    }
    Waiter next(OnDrain::goes_on);
    CHECK(next.wait(deadline_after(milliseconds(5))) == -kDeadlineEnd);
  });
}

TEST_CASE("a drain ends only a wait that asks for it") {
  test::on_each_loop([](EventLoop& loop) {
    for (const OnDrain on_drain : {OnDrain::goes_on, OnDrain::ends}) {
      FiberGroup group(loop);
      int ended = 0;
      loop.spawn(
          "waiter",
          [&] {
            Waiter waiter(on_drain);
            ended = waiter.wait(deadline_after(milliseconds(1)));
          },
          &group);
      group.interrupt(kDrainEnd);
      group.join();
      CHECK(ended == (on_drain == OnDrain::ends ? -kDrainEnd : -kDeadlineEnd));
    }
  });
}

}  // namespace hotline::engine::waiter_test
