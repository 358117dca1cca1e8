#include "hotline/engine/loop.h"

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::loop_test {

TEST_CASE("a thread without a loop has none") { CHECK_FALSE(Loop::current()); }

TEST_CASE("functions that another thread posts run on the loop, in order") {
  test::on_each_loop([](engine::EventLoop&) {
    const auto loop = Loop::current();
    REQUIRE(loop);
    CHECK(loop->is_current());
    Event has_all;
    std::string order;
    std::thread([&, loop = *loop] {
      CHECK_FALSE(loop.is_current());
      for (const char name : {'a', 'b', 'c'}) {
        CHECK(loop.post([&, loop, name] {
          CHECK(loop.is_current());
          order += name;
        }));
      }
      CHECK(loop.post([&] { has_all.set(); }));
    }).join();
    CHECK(has_all.wait());
    CHECK(order == "abc");
  });
}

TEST_CASE("a fiber posts to its own loop, and it runs after the fiber has waited") {
  test::on_each_loop([](engine::EventLoop&) {
    bool has_run = false;
    CHECK(Loop::current()->post([&] { has_run = true; }));
    CHECK_FALSE(has_run);
    for (int i = 0; i < 10 && !has_run; ++i) CHECK(sleep_for(std::chrono::milliseconds(1)));
    CHECK(has_run);
  });
}

TEST_CASE("values of one loop are equal, those of two are not") {
  for (const EngineKind kind : test::loop_engines()) {
    std::optional<Loop> first;
    test::on_loop(kind, [&](engine::EventLoop&) {
      first = Loop::current();
      CHECK(*first == *Loop::current());
    });
    test::on_loop(kind, [&](engine::EventLoop&) { CHECK(*first != *Loop::current()); });
  }
}

TEST_CASE("a loop that has ended takes nothing, and drops what it had not run") {
  for (const EngineKind kind : test::loop_engines()) {
    std::optional<Loop> loop;
    test::on_loop(kind, [&](engine::EventLoop&) { loop = Loop::current(); });
    const auto witness = std::make_shared<int>();
    const auto posted = loop->post([witness] {});
    REQUIRE_FALSE(posted);
    CHECK(posted.error().message() == "cannot post to an event loop: the loop has ended");
    CHECK(posted.error().kind == ErrorKind::closed);
    CHECK(witness.use_count() == 1);

    bool has_run = false;
    test::on_loop(kind, [&](engine::EventLoop&) {
      CHECK(Loop::current()->post([&, witness] { has_run = true; }));
    });
    CHECK(witness.use_count() == 1);
    CHECK_FALSE(has_run);
  }
}

TEST_CASE("in a simulated world a posted function runs too") {
  test::Simulation simulation;
  bool has_run = false;
  simulation.run([&] {
    CHECK(Loop::current()->post([&] { has_run = true; }));
    CHECK(sleep_for(std::chrono::milliseconds(1)));
  });
  CHECK(has_run);
}

TEST_CASE("a posted function that waits or throws ends the program with a sentence") {
  for (const EngineKind kind : test::loop_engines()) {
    const auto post = [&](const std::function<void()>& function) {
      return test::in_child_process([&] {
        test::on_loop(kind, [&](engine::EventLoop&) {
          CHECK(Loop::current()->post([&] { function(); }));
          CHECK(sleep_for(std::chrono::seconds(10)));
        });
      });
    };
    const auto waits = post([] { static_cast<void>(sleep_for(std::chrono::milliseconds(1))); });
    CHECK(waits.signal == SIGABRT);
    CHECK(waits.error_text.find("not on a fiber") != std::string::npos);
    const auto throws = post([] { throw std::runtime_error("no"); });
    CHECK(throws.signal == SIGABRT);
    CHECK(throws.error_text.find("posted to a loop has thrown") != std::string::npos);
  }
}

}  // namespace hotline::loop_test
