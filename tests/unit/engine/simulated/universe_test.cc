#include "engine/simulated/universe.h"

#include <doctest/doctest.h>

namespace hotline::engine::universe_test {
namespace {

using std::chrono::seconds;

}  // namespace

TEST_CASE("a fault that strikes is counted and traced, one that does not leaves no mark") {
  std::string line;
  Universe universe(1, FaultPlan().set(Fault::stall, 1'000'000),
                    [&](std::string_view told) { line = told; });
  const auto before = universe.trace.hash();
  CHECK_FALSE(universe.strikes(Fault::delay, "a"));
  CHECK(universe.counts.total() == 0);
  CHECK(universe.trace.hash() == before);
  CHECK(universe.strikes(Fault::stall, "a"));
  CHECK(universe.strikes(Fault::stall, "a"));
  CHECK(universe.counts[Fault::stall] == 2);
  CHECK(universe.counts.total() == 2);
  CHECK(universe.trace.hash() != before);
  CHECK(line.find("stall 2") != line.npos);
}

TEST_CASE("a universe begins at a time other than 0, so that earlier times exist") {
  Universe universe(1, {}, {});
  CHECK(universe.elapsed() == Duration(0));
  CHECK(universe.now > Instant());
  universe.now += seconds(3);
  CHECK(universe.elapsed() == seconds(3));
}

TEST_CASE("an event planned after a delay is due then") {
  Universe universe(1, {}, {});
  bool has_come = false;
  universe.after(seconds(2), [&] { has_come = true; });
  universe.events.run_due(universe.now + seconds(1));
  CHECK_FALSE(has_come);
  universe.events.run_due(universe.now + seconds(2));
  CHECK(has_come);
}

TEST_CASE("broken invariants are kept in order") {
  Universe universe(1, {}, {});
  universe.report_broken("one");
  universe.report_broken("two");
  CHECK(universe.broken == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a host has only its own addresses") {
  const SimulatedHost host{
      .name = "a", .addresses = {ipv4(10, 0, 0, 1), ipv4(10, 0, 1, 1)}, .paths = {}};
  CHECK(host.has(ipv4(10, 0, 0, 1)));
  CHECK(host.has(ipv4(10, 0, 1, 1)));
  CHECK_FALSE(host.has(ipv4(10, 0, 0, 2)));
  CHECK_FALSE(host.has(ipv4(127, 0, 0, 1)));
}

}  // namespace hotline::engine::universe_test
