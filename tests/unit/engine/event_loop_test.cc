#include "engine/event_loop.h"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::event_loop_test {
namespace {

/// A wait that only the test ends.
class TestWait final : public Wait {
 public:
  explicit TestWait(EventLoop& loop, bool is_drainable = false)
      : loop_(loop), is_drainable_(is_drainable) {}

  void interrupt(int end_code) noexcept override { loop_.complete(*this, -end_code); }
  bool is_drainable() const noexcept override { return is_drainable_; }

 private:
  EventLoop& loop_;
  bool is_drainable_;
};

}  // namespace

TEST_CASE("fibers begin in the order in which they were spawned, and run ends with the last") {
  for (const EngineKind kind : test::loop_engines()) {
    auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    std::string order;
    for (const char name : {'a', 'b', 'c'}) {
      CHECK((*loop)->spawn("test", [&order, name] { order += name; }));
    }
    CHECK(order.empty());
    (*loop)->run();
    CHECK(order == "abc");
    (*loop)->run();
    CHECK(order == "abc");
  }
}

TEST_CASE("fibers spawned next run before ready ones, in the same turn, the last first") {
  for (const EngineKind kind : test::loop_engines()) {
    auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    std::string order;
    const auto append = [&order](char name) { return [&order, name] { order += name; }; };
    (*loop)->spawn("test", [&] {
      order += 'a';
      (*loop)->spawn("test", append('e'));
      CHECK((*loop)->spawn_next("test", append('c')));
      CHECK((*loop)->spawn_next("test", [&] {
        order += 'b';
        CHECK((*loop)->spawn_next("test", append('+')));
      }));
      CHECK(order == "a");
      (*loop)->yield();
      order += 'f';
    });
    (*loop)->spawn("test", append('d'));
    (*loop)->run();
    CHECK(order == "ab+cdef");
  }
}

TEST_CASE("a fiber spawned next belongs to its group, and inherits the scope of its spawner") {
  test::on_each_loop([](EventLoop& loop) {
    const Deadline deadline = deadline_after(std::chrono::hours(1));
    loop.scope().deadline = deadline;
    FiberGroup group(loop);
    bool is_same = false;
    REQUIRE(loop.spawn_next(
        "test", [&] { is_same = loop.scope().deadline == deadline; }, &group));
    CHECK(group.size() == 1);
    group.join();
    CHECK(is_same);
  });
}

TEST_CASE("a fiber spawned next outside of any fiber runs first when the loop begins") {
  for (const EngineKind kind : test::loop_engines()) {
    auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    std::string order;
    (*loop)->spawn("test", [&] { order += 'b'; });
    (*loop)->spawn_next("test", [&] { order += 'a'; });
    (*loop)->run();
    CHECK(order == "ab");
  }
}

TEST_CASE("a loop can be run again with new fibers") {
  for (const EngineKind kind : test::loop_engines()) {
    auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    int runs = 0;
    for (int i = 0; i < 3; ++i) {
      (*loop)->spawn("test", [&] {
        (*loop)->yield();
        ++runs;
      });
      (*loop)->run();
    }
    CHECK(runs == 3);
  }
}

TEST_CASE("a thread's running loop and engine are those of the loop only while it runs") {
  CHECK(EventLoop::running() == nullptr);
  CHECK(Engine::current().name() == "blocking");
  for (const EngineKind kind : test::loop_engines()) {
    test::on_loop(kind, [&](EventLoop& loop) {
      CHECK(EventLoop::running() == &loop);
      CHECK(&Engine::current() == &loop);
      CHECK(loop.name() == name_of(kind));
      REQUIRE(loop.fiber() != nullptr);
      CHECK(loop.fiber()->name() == "test");
    });
    CHECK(EventLoop::running() == nullptr);
    CHECK(Engine::current().name() == "blocking");
  }
}

TEST_CASE("a loop within a loop's fiber is the running one until it ends") {
  test::on_each_loop([](EventLoop& outer) {
    auto inner = make_event_loop({.engine = EngineKind::epoll});
    REQUIRE(inner);
    bool has_run = false;
    outer.run_deep([&] {
      (*inner)->spawn("inner", [&] { has_run = EventLoop::running() == inner->get(); });
      (*inner)->run();
    });
    CHECK(has_run);
    CHECK(EventLoop::running() == &outer);
  });
}

TEST_CASE("yield lets every other fiber that is ready run first") {
  test::on_each_loop([](EventLoop& loop) {
    std::string order;
    FiberGroup group(loop);
    for (const char name : {'a', 'b'}) {
      loop.spawn(
          "test",
          [&loop, &order, name] {
            for (int i = 0; i < 3; ++i) {
              order += name;
              loop.yield();
            }
          },
          &group);
    }
    group.join();
    CHECK(order == "ababab");
  });
}

TEST_CASE("a thousand fibers can wait at once, each with a stack of its own") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    int sum = 0;
    for (int i = 0; i < 1000; ++i) {
      REQUIRE(loop.spawn(
          "test",
          [&loop, &sum, i] {
            volatile int own = i;
            loop.yield();
            sum += own;
          },
          &group));
    }
    group.join();
    CHECK(sum == 499'500);
  });
}

TEST_CASE("time is constant within a turn and moves with the next") {
  test::on_each_loop([](EventLoop& loop) {
    const Instant before = now();
    while (loop.read_clock() == before) {
    }
    CHECK(now() == before);
    loop.yield();
    CHECK(now() > before);
  });
}

TEST_CASE("a wait that was complete before it began ends at once") {
  test::on_each_loop([](EventLoop& loop) {
    TestWait wait(loop);
    loop.complete(wait, 7);
    CHECK(loop.park(wait, Deadline::never()) == 7);
  });
}

TEST_CASE("the first of two completions counts") {
  test::on_each_loop([](EventLoop& loop) {
    TestWait wait(loop);
    FiberGroup group(loop);
    loop.spawn(
        "completer",
        [&] {
          loop.complete(wait, 1);
          loop.complete(wait, 2);
        },
        &group);
    CHECK(loop.park(wait, Deadline::never()) == 1);
    group.join();
  });
}

TEST_CASE("a wait ends with the deadline end when its deadline comes first") {
  test::on_each_loop([](EventLoop& loop) {
    TestWait wait(loop);
    const Instant before = now();
    const Deadline deadline = deadline_after(std::chrono::milliseconds(3));
    CHECK(loop.park(wait, deadline) == -kDeadlineEnd);
    CHECK(now() - before >= std::chrono::milliseconds(3));
    TestWait late(loop);
    CHECK(loop.park(late, Deadline::at(before)) == -kDeadlineEnd);
  });
}

TEST_CASE("the deadline of a wait that ended early does not end a later wait") {
  test::on_each_loop([](EventLoop& loop) {
    FiberGroup group(loop);
    TestWait first(loop);
    loop.spawn(
        "completer", [&] { loop.complete(first, 1); }, &group);
    CHECK(loop.park(first, deadline_after(std::chrono::milliseconds(2))) == 1);
    TestWait second(loop);
    loop.spawn(
        "completer",
        [&] {
          static_cast<void>(sleep_for(std::chrono::milliseconds(10)));
          loop.complete(second, 2);
        },
        &group);
    CHECK(loop.park(second, Deadline::never()) == 2);
    group.join();
  });
}

TEST_CASE("a fiber inherits the scope of the one that starts it") {
  test::on_each_loop([](EventLoop& loop) {
    const Deadline deadline = deadline_after(std::chrono::hours(1));
    loop.scope().deadline = deadline;
    FiberGroup group(loop);
    Deadline inherited = Deadline::never();
    loop.spawn(
        "test", [&] { inherited = loop.scope().deadline; }, &group);
    group.join();
    CHECK(inherited == deadline);
  });
}

TEST_CASE("letters from other threads wake a loop, in order, outside of any fiber") {
  test::on_each_loop([](EventLoop& loop) {
    constexpr int kLetters = 500;
    LoopEvent has_all(loop);
    std::vector<int> read;
    const auto loop_thread = std::this_thread::get_id();
    bool is_right_place = true;
    std::jthread poster([&, mailbox = loop.mailbox()] {
      for (int i = 0; i < kLetters; ++i) {
        mailbox->post([&, i] {
          is_right_place &= std::this_thread::get_id() == loop_thread && loop.fiber() == nullptr;
          read.push_back(i);
          if (i + 1 == kLetters) has_all.set();
        });
      }
    });
    CHECK(has_all.wait() == 0);
    CHECK(is_right_place);
    REQUIRE(read.size() == kLetters);
    for (int i = 0; i < kLetters; ++i) CHECK(read[static_cast<std::size_t>(i)] == i);
  });
}

TEST_CASE("a letter to a loop that has been destroyed is dropped") {
  for (const EngineKind kind : test::loop_engines()) {
    auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    const auto mailbox = (*loop)->mailbox();
    loop->reset();
    bool is_read = false;
    mailbox->post([&] { is_read = true; });
    CHECK_FALSE(is_read);
  }
}

TEST_CASE("a suspend hook is called each time that its fiber suspends, until it is removed") {
  struct CountingHook final : SuspendHook {
    int count = 0;
    void suspended() noexcept override { ++count; }
  };
  test::on_each_loop([](EventLoop& loop) {
    CountingHook hook;
    loop.fiber()->suspend_hook = &hook;
    CHECK(hook.count == 0);
    loop.yield();
    loop.yield();
    CHECK(hook.count == 2);
    CHECK(&loop.suspend_hook() == &loop.fiber()->suspend_hook);
    loop.suspend_hook() = nullptr;
    loop.yield();
    CHECK(hook.count == 2);
  });
}

TEST_CASE("a fiber that spawns others without end does not keep the loop from its timers") {
  test::on_each_loop([](EventLoop& loop) {
    bool is_over = false;
    FiberGroup group(loop);
    const std::function<void()> body = [&] {
      if (!is_over) loop.spawn("again", body, &group);
    };
    loop.spawn("again", body, &group);
    CHECK(sleep_for(std::chrono::milliseconds(2)));
    is_over = true;
    group.join();
  });
}

TEST_CASE("loops on several threads do not disturb each other") {
  for (const EngineKind kind : test::loop_engines()) {
    std::vector<std::jthread> threads;
    std::vector<int> sums(3);
    for (std::size_t t = 0; t < sums.size(); ++t) {
      threads.emplace_back([&, t] {
        auto loop = make_event_loop({.engine = kind});
        if (!loop) return;
        for (int i = 1; i <= 100; ++i) {
          (*loop)->spawn("test", [&, t, i] {
            static_cast<void>(sleep_for(std::chrono::microseconds(i % 5)));
            sums[t] += i;
          });
        }
        (*loop)->run();
      });
    }
    threads.clear();
    for (const int sum : sums) CHECK(sum == 5050);
  }
}

}  // namespace hotline::engine::event_loop_test
