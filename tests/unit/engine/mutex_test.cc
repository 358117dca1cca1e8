#include "hotline/engine/mutex.h"

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::mutex_test {
namespace {

using std::chrono::milliseconds;

/// Four fibers that each hold the mutex across waits: the order in which they had it.
std::string take_turns(Mutex& mutex) {
  std::string order;
  int inside = 0;
  TaskGroup group;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    REQUIRE(group.spawn("test", [&, name] {
      const auto lock = mutex.lock();
      REQUIRE(lock);
      CHECK(++inside == 1);
      order += name;
      yield();
      CHECK(sleep_for(std::chrono::microseconds(100)));
      --inside;
    }));
  }
  CHECK(group.join());
  return order;
}

}  // namespace

TEST_CASE("fibers hold a mutex one at a time, across waits, in the order in which they came") {
  test::on_each_engine([] {
    Mutex mutex;
    CHECK(take_turns(mutex) == "abcd");
  });
}

TEST_CASE("in a simulated world fibers hold a mutex one at a time") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    test::Simulation simulation({}, {}, {}, seed);
    simulation.run([] {
      Mutex mutex;
      CHECK(take_turns(mutex).size() == 4);
    });
  }
}

TEST_CASE("a mutex can be locked again once it is unlocked") {
  test::on_each_engine([] {
    Mutex mutex;
    for (int i = 0; i < 3; ++i) {
      const auto lock = mutex.lock();
      CHECK(lock);
      CHECK_FALSE(mutex.try_lock());
    }
    CHECK(mutex.try_lock());
  });
}

TEST_CASE("an exception unlocks the mutex") {
  test::on_each_engine([] {
    Mutex mutex;
    try {
      const auto lock = mutex.lock();
      throw 1;
    } catch (int) {
    }
    CHECK(mutex.try_lock());
  });
}

TEST_CASE("a wait for a mutex ends at its deadline and with a cancel, and leaves it to others") {
  test::on_each_engine([] {
    Mutex mutex;
    std::string kinds;
    TaskGroup waiters;
    std::optional<Error> timed_out;
    REQUIRE(waiters.spawn("holder", [&] {
      const auto lock = mutex.lock();
      TaskGroup others;
      REQUIRE(others.spawn("late", [&] {
        const auto late = mutex.lock(deadline_after(milliseconds(1)));
        if (!late) timed_out = late.error();
      }));
      REQUIRE(others.spawn("cancelled", [&] { kinds += test::kind_of(mutex.lock()); }));
      REQUIRE(others.spawn("canceller", [&] {
        while (!timed_out) CHECK(sleep_for(milliseconds(1)));
        others.cancel();
      }));
      CHECK(others.join());
    }));
    CHECK(waiters.join());
    REQUIRE(timed_out);
    CHECK(timed_out->message() == "cannot lock a mutex: timed out");
    CHECK(kinds == "cancelled");
    CHECK(mutex.try_lock());
  });
}

TEST_CASE("threads and fibers of several loops hold a mutex one at a time") {
  for (const EngineKind kind : test::loop_engines()) {
    Mutex mutex;
    int inside = 0;
    int total = 0;
    const auto work = [&] {
      for (int i = 0; i < 200; ++i) {
        const auto lock = mutex.lock();
        if (!lock || ++inside != 1) return;
        ++total;
        yield();
        --inside;
      }
    };
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 2; ++t) {
        threads.emplace_back(work);
        threads.emplace_back([&] {
          test::on_loop(kind, [&](engine::EventLoop& loop) {
            for (int f = 0; f < 3; ++f) loop.spawn("test", work);
          });
        });
      }
    }
    CHECK(total == 200 * 2 * 4);
  }
}

TEST_CASE("a fiber that locks a mutex that it holds ends the program") {
  for (const EngineKind kind : test::loop_engines()) {
    const auto report = test::in_child_process([&] {
      test::on_loop(kind, [](engine::EventLoop&) {
        Mutex mutex;
        const auto one = mutex.lock();
        const auto other = mutex.lock();
      });
    });
    CHECK(report.signal == SIGABRT);
    CHECK(report.error_text.find("locks a Mutex that it holds already") != std::string::npos);
  }
}

TEST_CASE("a mutex that another thread unlocks ends the program") {
  const auto report = test::in_child_process([] {
    Mutex mutex;
    auto lock = std::make_unique<Mutex::Lock>(*mutex.lock());
    std::thread([&] { lock.reset(); }).join();
  });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.find("unlocked by another fiber or thread") != std::string::npos);
}

}  // namespace hotline::mutex_test
