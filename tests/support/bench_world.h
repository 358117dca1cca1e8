#pragma once

#include <functional>
#include <utility>

#include <doctest/doctest.h>

#include "cli/bench_loop.h"
#include "cli/bench_result.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/sim/world.h"

namespace hotline::test {

/// Runs one loop of the load `options` on the fiber of a simulated host.
inline cli::BenchResult load_here(const cli::BenchOptions& options) {
  const auto plan = cli::BenchPlan::make(options, {});
  REQUIRE(plan);
  cli::BenchGate gate(options.connections);
  cli::BenchLoop loop(*plan, 0, gate, nullptr);
  Result<void> run;
  TaskGroup group;
  REQUIRE(group.spawn("load", [&] { run = loop.run(); }));
  REQUIRE(gate.wait_for_all());
  const auto times = cli::BenchTimes::of(options, now());
  gate.open(times);
  REQUIRE(group.join());
  REQUIRE(run);
  return cli::BenchResult::of(*plan, times, loop.tally(), now());
}

/// What a load on host b finds at `server`, which runs on host a.
inline cli::BenchResult load_in_world(const cli::BenchOptions& options,
                                      std::move_only_function<void()> server,
                                      const sim::WorldOptions& world_options = {}) {
  cli::BenchResult result;
  sim::World world(1, world_options);
  world.host("a").run(std::move(server));
  world.host("b").run([&] { result = load_here(options); });
  const sim::Outcome outcome = world.run();
  INFO(outcome.to_string());
  CHECK(outcome.holds());
  return result;
}

}  // namespace hotline::test
