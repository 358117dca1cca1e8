#include "engine/semaphore.h"

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::engine::semaphore_test {
namespace {

using std::chrono::milliseconds;

/// Checks that at most `count` are inside at once.
class Gauge {
 public:
  void enter() {
    const int inside = ++inside_;
    for (int seen = max_; seen < inside && !max_.compare_exchange_weak(seen, inside);) {
    }
  }
  void leave() { --inside_; }
  int max() const { return max_; }

 private:
  std::atomic<int> inside_ = 0;
  std::atomic<int> max_ = 0;
};

void take_turns(Semaphore& semaphore, Gauge& gauge, std::atomic<int>& taken, int times) {
  for (int i = 0; i < times; ++i) {
    if (!semaphore.acquire()) return;
    gauge.enter();
    ++taken;
    if (EventLoop* loop = EventLoop::running()) loop->yield();
    gauge.leave();
    semaphore.release();
  }
}

bool can_take(Semaphore& semaphore) {
  const DeadlineScope scope(deadline_after(milliseconds(1)));
  return static_cast<bool>(semaphore.acquire());
}

}  // namespace

TEST_CASE("as many can be taken as there are, and one more for each release") {
  test::on_each_engine([] {
    Semaphore semaphore(2);
    CHECK(can_take(semaphore));
    CHECK(can_take(semaphore));
    CHECK_FALSE(can_take(semaphore));
    semaphore.release();
    CHECK(can_take(semaphore));
    CHECK_FALSE(can_take(semaphore));
  });
}

TEST_CASE("a wait that times out takes nothing") {
  test::on_each_engine([] {
    Semaphore semaphore(0);
    {
      const DeadlineScope scope(deadline_after(milliseconds(1)));
      CHECK(test::kind_of(semaphore.acquire()) == "timed_out");
    }
    semaphore.release();
    CHECK(can_take(semaphore));
    CHECK_FALSE(can_take(semaphore));
  });
}

TEST_CASE("a wait that is cancelled takes nothing") {
  test::on_each_engine([] {
    Semaphore semaphore(0);
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("waiter", [&] { kind = test::kind_of(semaphore.acquire()); }));
    REQUIRE(group.spawn("canceller", [&] { group.cancel(); }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
    semaphore.release();
    CHECK(can_take(semaphore));
    CHECK_FALSE(can_take(semaphore));
  });
}

TEST_CASE("a fiber that waits does not delay the others of its loop") {
  test::on_each_loop([](EventLoop& loop) {
    Semaphore semaphore(1);
    REQUIRE(semaphore.acquire());
    FiberGroup group(loop);
    std::string order;
    loop.spawn(
        "waiter",
        [&] {
          CHECK(semaphore.acquire());
          order += "waiter";
        },
        &group);
    loop.spawn(
        "other",
        [&] {
          order += "other ";
          semaphore.release();
        },
        &group);
    group.join();
    CHECK(order == "other waiter");
  });
}

TEST_CASE("contending threads never exceed the count") {
  Semaphore semaphore(2);
  Gauge gauge;
  std::atomic<int> taken = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] { take_turns(semaphore, gauge, taken, 300); });
  }
  threads.clear();
  CHECK(taken == 1800);
  CHECK(gauge.max() <= 2);
}

TEST_CASE("threads and fibers of several loops contend for the same count") {
  for (const EngineKind kind : test::loop_engines()) {
    Semaphore semaphore(3);
    Gauge gauge;
    std::atomic<int> taken = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] { take_turns(semaphore, gauge, taken, 200); });
      threads.emplace_back([&] {
        auto loop = make_event_loop({.engine = kind});
        if (!loop) return;
        for (int f = 0; f < 10; ++f) {
          (*loop)->spawn("test", [&] { take_turns(semaphore, gauge, taken, 20); });
        }
        (*loop)->run();
      });
    }
    threads.clear();
    CHECK(taken == 800);
    CHECK(gauge.max() <= 3);
    for (int i = 0; i < 3; ++i) CHECK(can_take(semaphore));
    CHECK_FALSE(can_take(semaphore));
  }
}

}  // namespace hotline::engine::semaphore_test
