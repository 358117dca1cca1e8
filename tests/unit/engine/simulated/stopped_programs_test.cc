#include <string>

#include <doctest/doctest.h>

#include "engine/operations/read_write.h"
#include "engine/simulated/simulated_loop.h"
#include "hotline/engine/clock.h"
#include "support/simulated.h"

// Programs that do not run for some time, as after SIGSTOP.

namespace hotline::engine::stopped_programs_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Simulation;

}  // namespace

TEST_CASE("a stopped program does not run until its time is over, and others do") {
  Simulation simulation;
  const Instant began = simulation.universe.now;
  Instant went_on;
  Instant other;
  Program& stopped = simulation.start(simulation.a, [&] {
    CHECK(sleep_for(seconds(1)));
    went_on = now();
  });
  simulation.start(simulation.b, [&] {
    CHECK(sleep_for(seconds(2)));
    other = now();
  });
  simulation.loop.stop(stopped, seconds(10));
  CHECK(simulation.run());
  CHECK(other == began + seconds(2));
  CHECK(went_on >= began + seconds(10));
  CHECK(went_on <= began + seconds(11));
}

TEST_CASE(
    "what arrives while a program is stopped, past its deadline, is there when it continues") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  int reads[] = {0, 0};
  Program& stopped = simulation.start(simulation.a, [&] {
    const auto child = loop.start_process([](Channel&, Channel& output) {
      CHECK(sleep_for(seconds(1)));
      Write write(output, as_bytes("word"));
      CHECK(Engine::current().perform(write, Deadline::never()) == 4);
      CHECK(sleep_for(hours(1)));
      return ProcessEnd{0, 0};
    });
    const Channel pidfd(UniqueFd(child.pidfd));
    const Channel input(UniqueFd(child.input));
    Channel output(UniqueFd(child.output));
    for (int& result : reads) {
      std::string text(10, '\0');
      Read read(output, std::as_writable_bytes(std::span(text)));
      result = loop.perform(read, deadline_after(seconds(2)));
    }
  });
  simulation.universe.after(milliseconds(500), [&] { loop.stop(stopped, seconds(30)); });
  simulation.run();
  CHECK(reads[0] == 4);
  CHECK(reads[1] == -kDeadlineEnd);
  CHECK(simulation.universe.broken.empty());
}

TEST_CASE("a program that is killed while it is stopped ends at once") {
  Simulation simulation;
  const Instant began = simulation.universe.now;
  Program& stopped =
      simulation.start(simulation.a, [&] { static_cast<void>(sleep_for(hours(1))); });
  simulation.universe.after(seconds(1), [&] { simulation.loop.stop(stopped, hours(1)); });
  simulation.universe.after(seconds(2), [&] { simulation.loop.kill(stopped); });
  CHECK(simulation.run());
  CHECK(simulation.universe.now == began + seconds(2));
}

}  // namespace hotline::engine::stopped_programs_test
