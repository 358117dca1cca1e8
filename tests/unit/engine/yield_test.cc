#include "hotline/engine/yield.h"

#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::yield_test {

TEST_CASE("fibers that yield run in turn") {
  test::on_each_engine([] {
    std::string order;
    TaskGroup group;
    for (const char name : {'a', 'b'}) {
      REQUIRE(group.spawn("test", [&, name] {
        for (int i = 0; i < 3; ++i) {
          order += name;
          yield();
        }
      }));
    }
    CHECK(group.join());
    CHECK(order == "ababab");
  });
}

TEST_CASE("a thread without a loop may yield, and a fiber of a simulated loop") {
  yield();
  test::Simulation simulation;
  bool has_ended = false;
  simulation.run([&] {
    yield();
    has_ended = true;
  });
  CHECK(has_ended);
}

TEST_CASE("to yield on the thread of a loop outside of its fibers ends the program") {
  for (const EngineKind kind : test::loop_engines()) {
    const auto report = test::in_child_process([&] {
      test::on_loop(kind, [](engine::EventLoop& loop) {
        loop.mailbox()->post([] { yield(); });
        for (int i = 0; i < 100; ++i) yield();
      });
    });
    CHECK(report.signal == SIGABRT);
    CHECK(report.error_text.find("yield() is called") != std::string::npos);
  }
}

}  // namespace hotline::yield_test
