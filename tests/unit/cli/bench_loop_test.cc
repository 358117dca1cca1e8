#include "cli/bench_loop.h"

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/server/serve.h"
#include "hotline/services/upper.h"
#include "support/bench_world.h"

namespace hotline::cli::bench_loop_test {
namespace {

using namespace std::chrono_literals;

void serve_upper() { serve("tcp://:8000", upper); }

}  // namespace

TEST_CASE("a loop runs all of its connections, and shows each second") {
  sim::World world(1);
  world.host("a").run(serve_upper);
  world.host("b").run([] {
    const BenchOptions options{.endpoint = "tcp://a:8000", .connections = 5, .duration = 3500ms};
    const auto plan = BenchPlan::make(options, {});
    REQUIRE(plan);
    BenchGate gate(options.connections, 1);
    BenchProgress progress;
    BenchLoop loop(*plan, 0, gate, &progress);
    TaskGroup group;
    REQUIRE(group.spawn("load", [&] { CHECK(loop.run()); }));
    REQUIRE(gate.wait_for_all());
    gate.open(BenchTimes::of(options, now()));
    REQUIRE(group.join());
    CHECK(loop.tally().connects.total() == 5);
    const std::uint64_t shown = progress.take().latencies.total();
    CHECK(shown > 0);
    CHECK(shown < loop.tally().latencies.total());
  });
  CHECK(world.run().holds());
}

TEST_CASE("a loop of several has the connections with its number") {
  sim::World world(1);
  world.host("a").run(serve_upper);
  world.host("b").run([] {
    const BenchOptions options{
        .endpoint = "tcp://a:8000", .connections = 5, .threads = 2, .messages = 5};
    const auto plan = BenchPlan::make(options, {});
    REQUIRE(plan);
    BenchGate gate(options.connections);
    BenchLoop first(*plan, 0, gate, nullptr);
    BenchLoop second(*plan, 1, gate, nullptr);
    TaskGroup group;
    REQUIRE(group.spawn("first", [&] { CHECK(first.run()); }));
    REQUIRE(group.spawn("second", [&] { CHECK(second.run()); }));
    REQUIRE(gate.wait_for_all());
    gate.open(BenchTimes::of(options, now()));
    REQUIRE(group.join());
    CHECK(first.tally().latencies.total() == 3);
    CHECK(second.tally().latencies.total() == 2);
  });
  CHECK(world.run().holds());
}

TEST_CASE("a loop that is cancelled ends early, without errors") {
  for (const bool has_begun : {false, true}) {
    CAPTURE(has_begun);
    sim::World world(1);
    world.host("a").run(serve_upper);
    world.host("b").run([has_begun] {
      const BenchOptions options{.endpoint = "tcp://a:8000", .connections = 2};
      const auto plan = BenchPlan::make(options, {});
      REQUIRE(plan);
      BenchGate gate(options.connections);
      BenchLoop loop(*plan, 0, gate, nullptr);
      TaskGroup group;
      REQUIRE(group.spawn("load", [&] { CHECK(loop.run()); }));
      REQUIRE(gate.wait_for_all());
      if (has_begun) {
        gate.open(BenchTimes::of(options, now()));
        REQUIRE(sleep_for(1s));
      }
      loop.cancel();
      REQUIRE(group.join());
      CHECK((loop.tally().latencies.total() > 0) == has_begun);
      CHECK(loop.tally().faults_total() == 0);
    });
    CHECK(world.run().holds());
  }
}

}  // namespace hotline::cli::bench_loop_test
