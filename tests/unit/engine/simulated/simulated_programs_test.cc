#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "engine/operations/read_write.h"
#include "engine/operations/wait_process.h"
#include "engine/simulated/simulated_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/simulated.h"

// The programs, workers and processes that SimulatedLoop runs, and how they end.

namespace hotline::engine::simulated_programs_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Simulation;

int next_signal(SimulatedLoop& loop, Channel& channel) {
  signalfd_siginfo info{};
  Read read(channel, std::as_writable_bytes(std::span(&info, 1)));
  const int result = loop.perform(read, Deadline::never());
  return result < 0 ? result : static_cast<int>(info.ssi_signo);
}

/// Returns what can be read until the end, or until the deadline.
std::string read_all(SimulatedLoop& loop, Channel& channel) {
  std::string all;
  for (;;) {
    std::string text(100, '\0');
    Read read(channel, std::as_writable_bytes(std::span(text)));
    const int count = loop.perform(read, Deadline::never());
    if (count <= 0) return count < 0 ? all + std::to_string(count) : all;
    all += text.substr(0, static_cast<std::size_t>(count));
  }
}

int write(SimulatedLoop& loop, Channel& channel, std::string_view text) {
  Write operation(channel, as_bytes(text));
  return loop.perform(operation, Deadline::never());
}

/// A simulated process and its three channels.
struct Child {
  Child(SimulatedLoop& loop_of_it, SimulatedLoop::Script script)
      : Child(loop_of_it, loop_of_it.start_process(std::move(script))) {}
  Child(SimulatedLoop& loop_of_it, SimulatedLoop::StandIn started)
      : loop(loop_of_it),
        pidfd(UniqueFd(started.pidfd)),
        input(UniqueFd(started.input)),
        output(UniqueFd(started.output)) {}

  ProcessEnd wait() {
    WaitProcess operation(pidfd);
    REQUIRE(loop.perform(operation, Deadline::never()) == 0);
    return operation.end;
  }

  SimulatedLoop& loop;
  Channel pidfd;
  Channel input;
  Channel output;
};

}  // namespace

TEST_CASE("a program ends with its last fiber, and each fiber knows its program") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  Program& program = simulation.start(simulation.b, [&] {
    CHECK(&loop.program().host == &simulation.b);
    TaskGroup group;
    CHECK(group.spawn("inner", [&] { CHECK(&loop.program().host == &simulation.b); }));
    CHECK(group.join());
  });
  CHECK(program.fibers.size() == 1);
  CHECK(simulation.run());
  CHECK(program.fibers.size() == 0);
  CHECK(program.is_alive);
}

TEST_CASE("a signal goes to a program that waits for it, and kills one that does not") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  int signal = 0;
  Program& waiting = simulation.start(simulation.a, [&] {
    constexpr int kSignals[] = {SIGTERM, SIGINT};
    Channel signals{UniqueFd(loop.open_signals(kSignals))};
    signal = next_signal(loop, signals);
    signals.close();
    CHECK(test::kind_of(sleep_for(hours(1))) == "cancelled");
  });
  Program& other = simulation.start(
      simulation.b, [&] { CHECK(test::kind_of(sleep_for(hours(1))) == "cancelled"); });
  simulation.universe.after(seconds(1), [&] {
    loop.raise(waiting, SIGTERM);
    CHECK_FALSE(loop.deliver(other, SIGTERM));
    CHECK(other.is_alive);
    loop.raise(other, SIGTERM);
  });
  simulation.universe.after(seconds(2), [&] {
    CHECK(signal == SIGTERM);
    CHECK(waiting.is_alive);
    CHECK_FALSE(loop.deliver(waiting, SIGTERM));
    loop.raise(waiting, SIGTERM);
  });
  CHECK(simulation.run());
  CHECK_FALSE(waiting.is_alive);
  CHECK_FALSE(other.is_alive);
}

TEST_CASE("a signal that the program does not wait for kills it") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  int result = 0;
  Program& program = simulation.start(simulation.a, [&] {
    constexpr int kSignals[] = {SIGINT};
    Channel signals{UniqueFd(loop.open_signals(kSignals))};
    result = next_signal(loop, signals);
  });
  simulation.universe.after(seconds(1), [&] { loop.raise(program, SIGTERM); });
  CHECK(simulation.run());
  CHECK(result == -kCancelEnd);
  CHECK(loop.descriptors().describe_open().empty());
}

TEST_CASE("a kill ends all fibers of the program and closes all that it had open") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  int ended = 0;
  Program& program = simulation.start(simulation.a, [&] {
    Channel counter{UniqueFd(loop.open_counter())};
    TaskGroup group;
    for (int i = 0; i < 3; ++i) {
      CHECK(group.spawn("inner", [&] {
        Channel own{UniqueFd(loop.open_counter())};
        std::uint64_t taken = 0;
        Read read(own, std::as_writable_bytes(std::span(&taken, 1)));
        CHECK(loop.perform(read, Deadline::never()) == -kCancelEnd);
        ++ended;
      }));
    }
    CHECK(test::kind_of(group.join()) == "cancelled");
  });
  simulation.universe.after(seconds(1), [&] {
    CHECK(loop.descriptors().describe_open().size() == 4);
    loop.kill(program);
    loop.kill(program);
    CHECK(loop.descriptors().describe_open().empty());
  });
  CHECK(simulation.run());
  CHECK(ended == 3);
}

TEST_CASE("a worker is a fiber beside its owner, and never outlives it") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    bool has_ended = false;
    std::string slept;
    {
      auto worker = Engine::current().start_worker(
          {.kind = WorkerKind::blocking,
           .name = "worker",
           .loop = {},
           .body = [&] { slept = test::kind_of(sleep_until(Deadline::never())); },
           .on_end = [&] { has_ended = true; }});
      REQUIRE(worker);
      CHECK(sleep_for(seconds(1)));
      LoopEvent posted(loop);
      (*worker)->post([&] { posted.set(); });
      CHECK(posted.wait() == 0);
      (*worker)->interrupt(kCancelEnd);
    }
    CHECK(has_ended);
    CHECK(slept == "cancelled");
  });
}

TEST_CASE("a worker that is interrupted before it runs gets the interrupt") {
  Simulation simulation;
  simulation.run([&] {
    std::string slept;
    auto worker = Engine::current().start_worker(
        {.kind = WorkerKind::loop,
         .name = "worker",
         .loop = {},
         .body = [&] { slept = test::kind_of(sleep_until(Deadline::never())); },
         .on_end = [] {}});
    REQUIRE(worker);
    (*worker)->interrupt(kCancelEnd);
    worker->reset();
    CHECK(slept == "cancelled");
  });
}

TEST_CASE("an owner that is cancelled still waits for the end of its worker") {
  Simulation simulation;
  bool has_ended = false;
  Program& program = simulation.start(simulation.a, [&] {
    auto worker = Engine::current().start_worker({.kind = WorkerKind::loop,
                                                  .name = "worker",
                                                  .loop = {},
                                                  .body =
                                                      [&] {
                                                        CHECK(sleep_for(seconds(5)));
                                                        has_ended = true;
                                                      },
                                                  .on_end = [] {}});
    REQUIRE(worker);
    simulation.loop.interrupt(*simulation.loop.fiber(), kCancelEnd);
    worker->reset();
    CHECK(has_ended);
  });
  CHECK(simulation.run());
  CHECK(program.fibers.size() == 0);
}

TEST_CASE("a worker that throws has ended, and its program gets the exception") {
  Simulation simulation;
  simulation.start(simulation.a, [&] {
    auto worker = Engine::current().start_worker({.kind = WorkerKind::loop,
                                                  .name = "worker",
                                                  .loop = {},
                                                  .body = [] { throw std::runtime_error("no"); },
                                                  .on_end = [] {}});
    REQUIRE(worker);
    CHECK(sleep_for(seconds(1)));
  });
  CHECK_THROWS_WITH(simulation.run(), "no");
}

TEST_CASE("a simulated process reads, writes and ends with a status") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Child child(loop, [&](Channel& input, Channel& output) {
      const std::string text = read_all(loop, input);
      CHECK(write(loop, output, "got " + text) > 0);
      CHECK(sleep_for(seconds(1)));
      return ProcessEnd{.exit_status = 3, .signal = 0};
    });
    CHECK(write(loop, child.input, "one ") == 4);
    CHECK(write(loop, child.input, "two") == 3);
    child.input.close();
    CHECK(read_all(loop, child.output) == "got one two");
    CHECK(child.wait().exit_status == 3);
    WaitProcess again(child.pidfd);
    CHECK(loop.perform(again, Deadline::never()) == -ECHILD);
  });
  CHECK(loop.descriptors().describe_open().empty());
}

TEST_CASE("a simulated process that writes more than a pipe holds waits until it is read") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Child child(loop, [&](Channel&, Channel& output) {
      for (int i = 0; i < 50; ++i) CHECK(write(loop, output, std::string(4096, 'x')) == 4096);
      return ProcessEnd{.exit_status = 0, .signal = 0};
    });
    CHECK(sleep_for(seconds(1)));
    CHECK(read_all(loop, child.output).size() == 50 * 4096);
    CHECK(child.wait().exit_status == 0);
  });
}

TEST_CASE("a simulated process whose reader has gone gets a broken pipe") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.run([&] {
    Child child(loop, [&](Channel&, Channel& output) {
      CHECK(sleep_for(seconds(1)));
      CHECK(write(loop, output, "x") == -EPIPE);
      return ProcessEnd{.exit_status = 1, .signal = 0};
    });
    child.output.close();
    CHECK(child.wait().exit_status == 1);
  });
}

TEST_CASE("a simulated process that throws is aborted, and a killed one reports the signal") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  ProcessEnd thrown;
  ProcessEnd killed;
  simulation.start(simulation.a, [&] {
    Child one(loop, [](Channel&, Channel&) -> ProcessEnd { throw std::runtime_error("no"); });
    thrown = one.wait();
    Child other(loop, [](Channel&, Channel&) {
      static_cast<void>(sleep_for(hours(1)));
      return ProcessEnd{.exit_status = 0, .signal = 0};
    });
    CHECK(sleep_for(seconds(1)));
    loop.kill(loop.programs().back());
    CHECK(read_all(loop, other.output).empty());
    killed = other.wait();
  });
  CHECK_THROWS_WITH(simulation.run(), "no");
  CHECK(thrown.signal == SIGABRT);
  CHECK(killed.signal == SIGKILL);
  CHECK(killed.exit_status == -1);
}

TEST_CASE("the program that started a process may die before it") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  bool has_ended = false;
  Program& parent = simulation.start(simulation.a, [&] {
    Child child(loop, [&](Channel& input, Channel&) {
      CHECK(read_all(loop, input).empty());
      CHECK(sleep_for(seconds(5)));
      has_ended = true;
      return ProcessEnd{.exit_status = 0, .signal = 0};
    });
    WaitProcess wait(child.pidfd);
    CHECK(loop.perform(wait, Deadline::never()) == -kCancelEnd);
  });
  simulation.universe.after(seconds(1), [&] { loop.kill(parent); });
  CHECK(simulation.run());
  CHECK(has_ended);
  CHECK(loop.descriptors().describe_open().empty());
}

TEST_CASE("a process that gets no descriptors leaves none open") {
  Simulation simulation;
  SimulatedLoop& loop = simulation.loop;
  simulation.a.descriptors_max = 2;
  std::string read;
  simulation.run([&] {
    Child child(loop, [&](Channel& input, Channel&) {
      read = read_all(loop, input);
      return ProcessEnd{.exit_status = 0, .signal = 0};
    });
    CHECK(child.pidfd.is_open());
    CHECK(child.input.is_open());
    CHECK_FALSE(child.output.is_open());
    child.input.close();
    CHECK(child.wait().exit_status == 0);
  });
  CHECK(loop.descriptors().describe_open().empty());
}

}  // namespace hotline::engine::simulated_programs_test
