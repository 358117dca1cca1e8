#include "hotline/engine/semaphore.h"

#include <atomic>
#include <csignal>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::semaphore_test {
namespace {

using engine::EventLoop;
using engine::FiberGroup;
using engine::make_event_loop;

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

TEST_CASE("more permits than can be counted are as many as can be") {
  Semaphore semaphore(std::numeric_limits<std::size_t>::max());
  CHECK(semaphore.try_acquire());
  semaphore.release();
  semaphore.release();
  CHECK(semaphore.acquire());
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

TEST_CASE("those that wait are served in the order in which they came") {
  test::on_each_engine([] {
    Semaphore semaphore(0);
    std::string order;
    TaskGroup group;
    for (const char name : {'a', 'b', 'c'}) {
      REQUIRE(group.spawn("waiter", [&, name] {
        CHECK(semaphore.acquire());
        order += name;
      }));
    }
    REQUIRE(group.spawn("giver", [&] {
      for (int i = 0; i < 3; ++i) semaphore.release();
      // They were given to those that wait, not to the next one that asks.
      CHECK_FALSE(semaphore.try_acquire());
    }));
    CHECK(group.join());
    CHECK(order == "abc");
  });
}

TEST_CASE("a permit is there for one that asks without waiting, or is not") {
  Semaphore semaphore(1);
  CHECK(semaphore.count() == 1);
  CHECK(semaphore.try_acquire());
  CHECK(semaphore.count() == 0);
  CHECK_FALSE(semaphore.try_acquire());
  semaphore.release();
  CHECK(semaphore.try_acquire());
}

TEST_CASE("a cancelled fiber still takes a permit that is there") {
  test::on_each_loop([](EventLoop& loop) {
    Semaphore semaphore(1);
    FiberGroup group(loop);
    std::string kinds;
    loop.spawn(
        "cancelled",
        [&] { kinds = test::kind_of(semaphore.acquire()) + test::kind_of(semaphore.acquire()); },
        &group);
    group.interrupt(engine::kCancelEnd);
    group.join();
    CHECK(kinds == "cancelled");
  });
}

TEST_CASE("closing ends the waits and the later ones, and leaves the permits that are there") {
  test::on_each_engine([] {
    Semaphore semaphore(0);
    std::string kinds;
    TaskGroup group;
    for (int i = 0; i < 2; ++i) {
      REQUIRE(group.spawn("waiter", [&] { kinds += test::kind_of(semaphore.acquire()); }));
    }
    REQUIRE(group.spawn("closer", [&] { semaphore.close(); }));
    CHECK(group.join());
    CHECK(kinds == "closedclosed");
    semaphore.close();
    semaphore.release();
    CHECK(semaphore.acquire());
    CHECK(test::kind_of(semaphore.acquire()) == "closed");
    CHECK(semaphore.count() == 0);
  });
}

TEST_CASE("a permit that comes together with the end of the wait for it is not lost") {
  test::on_each_loop([](EventLoop& loop) {
    Semaphore semaphore(0);
    FiberGroup group(loop);
    std::string kind = "none";
    loop.spawn(
        "waiter", [&] { kind = test::kind_of(semaphore.acquire()); }, &group);
    loop.yield();
    group.interrupt(engine::kCancelEnd);
    semaphore.release();
    group.join();
    // Given while it had not run yet: it has it.
    CHECK(kind.empty());
    CHECK(semaphore.count() == 0);
  });
}

TEST_CASE("permits are neither lost nor made where waits end as permits come") {
  test::on_each_engine([] {
    Semaphore semaphore(0);
    std::atomic<int> taken = 0;
    constexpr int kGiven = 500;
    {
      const std::jthread giver([&] {
        for (int i = 0; i < kGiven; ++i) semaphore.release();
      });
      for (int i = 0; i < kGiven; ++i) {
        if (semaphore.acquire(deadline_after(std::chrono::microseconds(i % 20)))) ++taken;
      }
    }
    while (semaphore.try_acquire()) ++taken;
    CHECK(taken == kGiven);
  });
}

TEST_CASE("a semaphore that is destroyed while a fiber waits for it ends the program") {
  for (const EngineKind kind : test::loop_engines()) {
    const auto report = test::in_child_process([&] {
      test::on_loop(kind, [](EventLoop& loop) {
        auto semaphore = std::make_unique<Semaphore>(0);
        loop.spawn("waiter", [only = semaphore.get()] { static_cast<void>(only->acquire()); });
        loop.yield();
        semaphore.reset();
      });
    });
    CHECK(report.signal == SIGABRT);
    CHECK(report.error_text.find("is destroyed while a fiber or thread waits") !=
          std::string::npos);
  }
}

}  // namespace hotline::semaphore_test
