#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/listener.h"
#include "hotline/sim/world.h"

// The violations that a World detects.

namespace hotline::sim::invariants_test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Broken = std::vector<std::string>;

/// A wait that only the test ends.
class StubbornWait final : public engine::Wait {
 public:
  void interrupt(int) noexcept override {}
};

Outcome outcome_of(std::move_only_function<void()> body, WorldOptions options = {}) {
  World world(1, std::move(options));
  world.host("a").run(std::move(body));
  return world.run();
}

}  // namespace

TEST_CASE("a descriptor that is left open is reported with its host") {
  const Outcome outcome = outcome_of([] { engine::Engine::current().open_counter(); });
  CHECK_FALSE(outcome.holds());
  CHECK(outcome.broken == Broken{"left open: counter on a"});
  CHECK(outcome.to_string() == "left open: counter on a\n");
}

TEST_CASE("what a program left open is reported even if its host is killed later") {
  World world(1);
  world.host("a").run([] { engine::Engine::current().open_counter(); });
  world.at(seconds(1), [&] { world.host("a").kill(); });
  CHECK(world.run().broken == Broken{"left open: counter on a"});
}

TEST_CASE("a lease that is left is reported") {
  engine::Buffer kept;
  World world(1);
  world.host("a").run([&] { kept = engine::Engine::current().take_buffer(); });
  CHECK(world.run().broken == Broken{"a lease is left on a"});
  kept = {};
}

TEST_CASE("an exception that leaves a program is reported with its text") {
  CHECK(outcome_of([] { throw std::runtime_error("no"); }).broken ==
        Broken{"a program on a threw: no"});
  CHECK(outcome_of([] { throw 1; }).broken == Broken{"a program on a threw"});
}

TEST_CASE("an exception that leaves a fiber beside the program is reported") {
  const auto body = [] {
    auto worker =
        engine::Engine::current().start_worker({.kind = engine::WorkerKind::loop,
                                                .name = "worker",
                                                .loop = {},
                                                .body = [] { throw std::runtime_error("no"); },
                                                .on_end = [] {}});
  };
  CHECK(outcome_of(body).broken == Broken{"an exception left a fiber on a"});
}

TEST_CASE("a fiber that does not end when it is cancelled is reported") {
  World world(1);
  StubbornWait wait;
  world.host("a").run([&] { engine::EventLoop::running()->park(wait, Deadline::never()); });
  CHECK(world.run().broken == Broken{"a fiber does not end on a"});
  bool is_over = false;
  world.host("b").run([&] {
    engine::EventLoop::running()->complete(wait, 0);
    CHECK(sleep_for(seconds(1)));
    is_over = true;
  });
  CHECK(world.run_until([&] { return is_over; }));
}

TEST_CASE("a run beyond its time is reported as never ending") {
  for (const auto step : {hours(1), hours(5), hours(1000)}) {
    const auto body = [step] {
      while (sleep_for(step)) {
      }
    };
    const Outcome outcome = outcome_of(body, {.time_max = hours(24)});
    CHECK(outcome.broken == Broken{"it never ends: a program still runs on a"});
    CHECK(outcome.simulated == hours(24));
  }
}

TEST_CASE("a program that ends just in time has ended") {
  const Outcome outcome = outcome_of([] { CHECK(sleep_for(hours(23))); }, {.time_max = hours(24)});
  CHECK(outcome.holds());
}

TEST_CASE("an exception that leaves an action is reported, and the thread has its engine again") {
  {
    World world(1);
    world.host("a").run([] { static_cast<void>(sleep_for(seconds(2))); });
    world.at(seconds(1), [] { throw std::runtime_error("no"); });
    CHECK(world.run().broken == Broken{"an action threw: no"});
  }
  CHECK_FALSE(engine::Engine::current().is_simulated());
}

TEST_CASE("run_until throws what a predicate throws, and the thread has its engine again") {
  World world(1);
  world.host("a").run([] { static_cast<void>(sleep_for(seconds(2))); });
  CHECK_THROWS(world.run_until([]() -> bool { throw std::runtime_error("no"); }));
  CHECK_FALSE(engine::Engine::current().is_simulated());
}

TEST_CASE("waits that end at once and let no time pass are reported") {
  const Outcome outcome = outcome_of([] {
    while (sleep_for(Duration(0))) {
    }
  });
  REQUIRE_FALSE(outcome.holds());
  CHECK(outcome.broken.front() == "fibers run on and on, and no time passes");
}

TEST_CASE("two fibers that wait for the same direction of one listener are reported") {
  const Outcome outcome = outcome_of([] {
    auto listener = listen("tcp://:80");
    REQUIRE(listener);
    TaskGroup group;
    for (int i = 0; i < 2; ++i) {
      CHECK(group.spawn("accept",
                        [&] { static_cast<void>(listener->accept(deadline_after(seconds(1)))); }));
    }
    CHECK(group.join());
  });
  CHECK(outcome.broken == Broken{"two fibers wait the same way on one descriptor of a"});
}

TEST_CASE("a world that was never run to its end frees what its programs hold") {
  const auto held = std::make_shared<int>(1);
  {
    World world(1);
    world.host("a").run([held] { static_cast<void>(sleep_until(Deadline::never())); });
    CHECK_FALSE(world.run_until([] { return false; }));
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("offloaded work has the stack of a thread") {
  const Outcome outcome = outcome_of([] {
    const auto size = offload([] {
      volatile char large[300'000] = {};
      return sizeof large;
    });
    CHECK(size.value_or(0) == 300'000);
  });
  CHECK(outcome.holds());
}

}  // namespace hotline::sim::invariants_test
