#include <chrono>
#include <csignal>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "engine/blocking/blocking_engine.h"
#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "support/loops.h"

namespace hotline::engine::event_loop_deep_test {

TEST_CASE("deep work runs on the stack of the thread, and no other fiber runs before it ends") {
  test::on_each_loop([](EventLoop& loop) {
    const Stack stack = loop.fiber()->stack();
    std::string order;
    loop.spawn("other", [&] { order += 'o'; });
    bool is_outside = false;
    loop.run_deep([&] {
      const auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
      is_outside = loop.fiber() == nullptr && (here < stack.bottom || here >= stack.top());
      order += 'd';
    });
    order += 'f';
    CHECK(is_outside);
    loop.yield();
    CHECK(order == "dfo");
  });
}

TEST_CASE("deep work in which a fiber takes turns with another stays with its fiber") {
  test::on_each_loop([](EventLoop& loop) {
    int sum = 0;
    loop.spawn("other", [&] {
      for (int i = 0; i < 100; ++i) {
        loop.run_deep([&] { sum += 1000; });
        loop.yield();
      }
    });
    for (int i = 0; i < 100; ++i) {
      loop.run_deep([&] { sum += 1; });
      loop.run_deep([&] { sum += 1; });
      loop.yield();
    }
    CHECK(sum % 1000 == 200);
  });
}

TEST_CASE("what deep work throws is thrown by the call, on its own stack") {
  test::on_each_loop([](EventLoop& loop) {
    CHECK_THROWS_WITH_AS(loop.run_deep([] { throw std::runtime_error("deep"); }), "deep",
                         std::runtime_error);
    try {
      throw std::logic_error("outer");
    } catch (const std::logic_error&) {
      CHECK_THROWS_AS(loop.run_deep([] { throw std::bad_alloc(); }), std::bad_alloc);
      CHECK(std::uncaught_exceptions() == 0);
      CHECK_THROWS_WITH(std::rethrow_exception(std::current_exception()), "outer");
    }
  });
}

TEST_CASE("deep work is not a wait: it calls no suspend hook") {
  struct CountingHook final : SuspendHook {
    int count = 0;
    void suspended() noexcept override { ++count; }
  };
  test::on_each_loop([](EventLoop& loop) {
    CountingHook hook;
    loop.fiber()->suspend_hook = &hook;
    loop.run_deep([] {});
    CHECK(hook.count == 0);
    loop.fiber()->suspend_hook = nullptr;
  });
}

TEST_CASE("deep work runs in place outside of a fiber and on an engine without fibers") {
  int runs = 0;
  for (const EngineKind kind : test::loop_engines()) {
    auto loop = make_event_loop({.engine = kind});
    REQUIRE(loop);
    (*loop)->run_deep([&] { ++runs; });
    CHECK(runs > 0);
  }
  runs = 0;
  BlockingEngine().run_deep([&] { ++runs; });
  CHECK(runs == 1);
}

TEST_CASE("deep work that waits ends the program with a sentence") {
  for (const EngineKind kind : test::loop_engines()) {
    const auto report = test::in_child_process([&] {
      test::on_loop(kind, [](EventLoop& loop) {
        loop.run_deep([] { static_cast<void>(sleep_for(std::chrono::milliseconds(1))); });
      });
    });
    CHECK(report.signal == SIGABRT);
    CHECK(report.error_text.find("not on a fiber") != std::string::npos);
  }
}

}  // namespace hotline::engine::event_loop_deep_test
