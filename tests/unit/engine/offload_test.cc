#include "hotline/engine/offload.h"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"

namespace hotline::offload_test {

using std::chrono::milliseconds;

TEST_CASE("work runs on another thread and its value is returned") {
  test::on_each_engine([] {
    const auto here = std::this_thread::get_id();
    const auto there = offload([] { return std::this_thread::get_id(); });
    REQUIRE(there);
    CHECK(*there != here);
    const auto text = offload([name = std::string("hotline")] { return name + "!"; });
    REQUIRE(text);
    CHECK(*text == "hotline!");
  });
}

TEST_CASE("an exception of the work is thrown in the caller") {
  test::on_each_engine([] {
    const auto work = []() -> int { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH_AS(static_cast<void>(offload(work)), "no", std::runtime_error);
  });
}

TEST_CASE("work without a value runs, and its exception is thrown in the caller") {
  test::on_each_engine([] {
    bool has_run = false;
    const Result<void> done = offload([&has_run] { has_run = true; });
    CHECK(done);
    CHECK(has_run);
    const auto throwing = [] { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH_AS(static_cast<void>(offload(throwing)), "no", std::runtime_error);
    CHECK_THROWS_WITH_AS(static_cast<void>(offload_work(throwing)), "no", std::runtime_error);
  });
}

TEST_CASE("work may own what cannot be copied, and may change it") {
  test::on_each_engine([] {
    const auto seven = offload([owned = std::make_unique<int>(6)]() mutable { return ++*owned; });
    CHECK(seven.value() == 7);
  });
}

TEST_CASE("a loop goes on while work runs elsewhere") {
  test::on_each_loop([](engine::EventLoop& loop) {
    auto gate = std::make_shared<std::promise<void>>();
    engine::FiberGroup group(loop);
    bool has_run = false;
    loop.spawn(
        "other",
        [&] {
          has_run = true;
          gate->set_value();
        },
        &group);
    CHECK(offload_work([gate] { gate->get_future().wait(); }));
    CHECK(has_run);
    group.join();
  });
}

TEST_CASE("at a deadline the work goes on unobserved") {
  test::on_each_engine([] {
    auto gate = std::make_shared<std::promise<void>>();
    auto finished = std::make_shared<std::promise<void>>();
    {
      const DeadlineScope scope(deadline_after(milliseconds(1)));
      const auto result = offload_work([gate, finished] {
        gate->get_future().wait();
        finished->set_value();
      });
      CHECK(test::kind_of(result) == "timed_out");
    }
    gate->set_value();
    finished->get_future().wait();
    // Letters about it may arrive now; they must not wake anything.
    CHECK(sleep_for(milliseconds(1)));
  });
}

TEST_CASE("beyond the limit a caller waits within its deadline, and its work is dropped with it") {
  test::on_each_loop(
      [](engine::EventLoop& loop) {
        auto gate = std::make_shared<std::promise<void>>();
        auto has_run = std::make_shared<std::atomic<bool>>(false);
        engine::FiberGroup group(loop);
        Result<void> first = fail({});
        loop.spawn(
            "first", [&] { first = offload_work([gate] { gate->get_future().wait(); }); }, &group);
        loop.yield();
        {
          const DeadlineScope scope(deadline_after(milliseconds(1)));
          CHECK(test::kind_of(offload_work([has_run] { *has_run = true; })) == "timed_out");
        }
        CHECK(has_run.use_count() == 1);
        gate->set_value();
        CHECK(offload_work([] {}));
        group.join();
        CHECK(first);
        CHECK_FALSE(*has_run);
      },
      {.offload = {.threads_max = 1, .waiting_max = 0}});
}

TEST_CASE("after a cancel the work goes on unobserved") {
  test::on_each_engine([] {
    auto gate = std::make_shared<std::promise<void>>();
    std::string kind;
    TaskGroup group;
    REQUIRE(group.spawn("offloader", [&] {
      kind = test::kind_of(offload_work([gate] { gate->get_future().wait(); }));
    }));
    REQUIRE(group.spawn("canceller", [&] { group.cancel(); }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
    gate->set_value();
  });
}

TEST_CASE("a task that is already cancelled begins no work") {
  test::on_each_engine([] {
    const auto has_run = std::make_shared<std::atomic<bool>>(false);
    std::string kind;
    TaskGroup group;
    group.cancel();
    REQUIRE(group.spawn(
        "offloader", [&] { kind = test::kind_of(offload_work([has_run] { *has_run = true; })); }));
    CHECK(group.join());
    CHECK(kind == "cancelled");
    CHECK_FALSE(*has_run);
  });
}

TEST_CASE("work that outlives its loop is harmless") {
  for (const EngineKind kind : test::loop_engines()) {
    auto gate = std::make_shared<std::promise<void>>();
    auto begun = std::make_shared<std::promise<void>>();
    auto finished = std::make_shared<std::promise<void>>();
    test::on_loop(kind, [&](engine::EventLoop&) {
      const DeadlineScope scope(Deadline::at(now()));
      CHECK_FALSE(offload_work([gate, begun, finished] {
        begun->set_value();
        gate->get_future().wait();
        finished->set_value();
      }));
      begun->get_future().wait();
    });
    gate->set_value();
    finished->get_future().wait();
  }
}

TEST_CASE("much concurrent work returns each value to its own fiber") {
  test::on_each_loop([](engine::EventLoop& loop) {
    engine::FiberGroup group(loop);
    int right = 0;
    for (int i = 0; i < 100; ++i) {
      loop.spawn(
          "offloader",
          [&right, i] {
            const auto doubled = offload([i] { return 2 * i; });
            if (doubled && *doubled == 2 * i) ++right;
          },
          &group);
    }
    group.join();
    CHECK(right == 100);
  });
}

}  // namespace hotline::offload_test
