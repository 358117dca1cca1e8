#include <signal.h>

#include <array>
#include <deque>
#include <functional>
#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/process.h"
#include "hotline/engine/task_group.h"
#include "hotline/engine/yield.h"
#include "support/launched.h"
#include "support/simulated.h"

namespace hotline::run_to_end_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Longer than a busy machine keeps a program from writing.
constexpr RunOptions kPatient{.quiet = seconds(60), .drain = seconds(60)};

/// An event on one output at a time after the launch: something is written, or the end.
struct Saying {
  Duration after;
  std::string text;
};

struct Plot {
  std::array<std::deque<Saying>, 2> outputs{};
  Duration end_after{};
  Result<ProcessEnd> end = ProcessEnd{0, 0};
  Result<void> finish{};
};

/// A scripted process: all that it waits for is time.
class ToldProcess final : public Process {
 public:
  explicit ToldProcess(const Plot& plot, bool& is_gone)
      : plot_(plot), is_gone_(is_gone), start_(now()) {}
  ~ToldProcess() override { is_gone_ = true; }

  Result<std::size_t> read_some(OutputStream output, MutableBytes into) override {
    auto& sayings = plot_.outputs[static_cast<std::size_t>(output)];
    const Deadline due = sayings.empty() ? Deadline::never() : at(sayings.front().after);
    if (auto slept = sleep_until(due); !slept) return fail(slept.error());
    const std::string text = sayings.front().text;
    sayings.pop_front();
    std::ranges::copy(as_bytes(text), into.begin());
    return text.size();
  }
  Result<ProcessEnd> wait() override {
    if (auto slept = sleep_until(at(plot_.end_after)); !slept) return fail(slept.error());
    return plot_.end;
  }
  void kill() override {}
  Result<void> finish() override { return plot_.finish; }

 private:
  Deadline at(Duration after) const { return Deadline::after(start_, after); }

  Plot plot_;
  bool& is_gone_;
  Instant start_;
};

class ToldLauncher final : public Launcher {
 public:
  explicit ToldLauncher(Plot plot) : plot_(std::move(plot)) {}
  Result<std::unique_ptr<Process>> launch(const LaunchOptions& options) override {
    if (options.arguments.empty()) {
      return fail(make_error(ErrorKind::not_found, "start", "nothing", ""));
    }
    return std::make_unique<ToldProcess>(plot_, is_gone);
  }
  bool is_gone = false;

 private:
  Plot plot_;
};

struct Told {
  Result<Completed> completed;
  Duration took{};
};

/// Runs it in a simulated world, where only waits let time pass.
Told tell(const Plot& plot, const RunOptions& options = {}) {
  test::Simulation simulation;
  Told told;
  simulation.run([&] {
    const Instant start = now();
    ToldLauncher launcher(plot);
    told.completed = run_to_end(launcher, {.arguments = {"told"}}, options);
    told.took = now() - start;
    CHECK(launcher.is_gone);
  });
  return told;
}

}  // namespace

TEST_CASE("both outputs are read, in any mixture, and the end is returned") {
  const Told told = tell({.outputs = {{{{seconds(1), "a"}, {seconds(3), "c"}, {seconds(4), ""}},
                                       {{seconds(2), "b"}, {seconds(5), ""}}}},
                          .end_after = seconds(6),
                          .end = ProcessEnd{3, 0}});
  REQUIRE(told.completed);
  CHECK(told.completed->output == "ac");
  CHECK(told.completed->error == "b");
  CHECK(told.completed->end.exit_status == 3);
  CHECK_FALSE(told.completed->was_held);
  CHECK(told.took == seconds(6));
}

TEST_CASE("outputs that end after the program are read to their ends") {
  const Told told = tell({.outputs = {{{{milliseconds(100), "late"}, {milliseconds(300), ""}},
                                       {{milliseconds(200), ""}}}}});
  REQUIRE(told.completed);
  CHECK(told.completed->output == "late");
  CHECK_FALSE(told.completed->was_held);
  CHECK(told.took == milliseconds(300));
}

TEST_CASE("a background child that holds the pipe is waited for until it has been quiet") {
  const Told told = tell({.outputs = {{{{milliseconds(200), "a"}, {milliseconds(400), "b"}}, {}}}});
  REQUIRE(told.completed);
  CHECK(told.completed->output == "ab");
  CHECK(told.completed->was_held);
  CHECK(told.took == milliseconds(650));
}

TEST_CASE("a write to one output keeps the other waiting too") {
  const Told told = tell({.outputs = {{{{milliseconds(200), "a"}, {milliseconds(300), ""}},
                                       {{milliseconds(350), "b"}, {milliseconds(500), ""}}}}});
  REQUIRE(told.completed);
  CHECK(told.completed->output == "a");
  CHECK(told.completed->error == "b");
  CHECK_FALSE(told.completed->was_held);
}

TEST_CASE("a background child that goes on writing is waited for only up to the limit") {
  Plot plot;
  for (int i = 1; i < 100; ++i) plot.outputs[1].push_back({milliseconds(100 * i), "x"});
  const Told told = tell(plot, {.drain = seconds(1)});
  REQUIRE(told.completed);
  CHECK(told.completed->error.size() >= 9);
  CHECK(told.completed->error.size() <= 10);
  CHECK(told.completed->was_held);
  CHECK(told.took == seconds(1));
}

TEST_CASE("a program that takes too long fails with timed_out, while it runs and afterwards") {
  const Told running = tell({.end_after = seconds(9)}, {.timeout = seconds(2)});
  CHECK(test::kind_of(running.completed) == "timed_out");
  CHECK(running.took == seconds(2));
  const Told draining = tell({.end_after = milliseconds(100)}, {.timeout = milliseconds(200)});
  CHECK(test::kind_of(draining.completed) == "timed_out");
  CHECK(draining.took == milliseconds(200));
}

TEST_CASE("more output than allowed fails with too_large at once; the exact limit does not") {
  const std::deque<Saying> four = {{seconds(1), "four"}, {seconds(2), ""}};
  const Plot plot{.outputs = {four, four}, .end_after = seconds(3)};
  CHECK(tell(plot, {.output_max = 8}).completed);
  const Told told = tell(plot, {.output_max = 7});
  CHECK(test::kind_of(told.completed) == "too_large");
  CHECK(told.took == seconds(1));
}

TEST_CASE("more output than allowed also fails after the program's end") {
  const Told told = tell({.outputs = {{{{milliseconds(100), "late"}}, {}}}}, {.output_max = 3});
  CHECK(test::kind_of(told.completed) == "too_large");
}

TEST_CASE("if the keeper dies, the run fails as the wait does") {
  const Told told = tell(
      {.end_after = seconds(1), .end = fail(make_error(ErrorKind::reset, "wait", "", "gone"))});
  CHECK(test::kind_of(told.completed) == "reset");
}

TEST_CASE("if the launch fails, the run fails in the same way") {
  test::Simulation simulation;
  simulation.run([] {
    ToldLauncher launcher({});
    CHECK(test::kind_of(run_to_end(launcher, {})) == "not_found");
  });
}

TEST_CASE("a run can be cancelled, while the program runs and afterwards") {
  for (const Duration end_after : {Duration(seconds(9)), Duration(milliseconds(1))}) {
    test::Simulation simulation;
    simulation.run([&] {
      ToldLauncher launcher({.end_after = end_after});
      std::string kind;
      TaskGroup group;
      REQUIRE(group.spawn(
          "runner", [&] { kind = test::kind_of(run_to_end(launcher, {.arguments = {"told"}})); }));
      REQUIRE(sleep_for(milliseconds(100)));
      group.cancel();
      REQUIRE(group.join());
      CHECK(kind == "cancelled");
      CHECK(launcher.is_gone);
    });
  }
}

TEST_CASE("a mebibyte to standard error and then one to standard output does not hang") {
  test::on_each_engine([] {
    for (const char* script : {"head -c 1048576 /dev/zero >&2; head -c 1048576 /dev/zero",
                               "head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2"}) {
      const Completed completed = test::run_shell(script, kPatient);
      CHECK(completed.output.size() == 1048576);
      CHECK(completed.error.size() == 1048576);
      CHECK_FALSE(completed.was_held);
    }
  });
}

TEST_CASE("stderr-after-eof: writes after the close of standard output are all returned") {
  const Completed completed = test::run_shell(
      "exec >&-; i=0; while [ $i -lt 1000 ]; do echo $i >&2; i=$((i+1)); done", kPatient);
  CHECK(completed.output.empty());
  CHECK(completed.error.size() == 3890);
  CHECK(completed.error.ends_with("\n999\n"));
}

TEST_CASE("yes-head: a program ends although another in its pipeline would go on for ever") {
  const Completed completed = test::run_shell("yes | head -n 2000");
  CHECK(completed.end.exit_status == 0);
  CHECK(completed.output.size() == 4000);
}

TEST_CASE("an exit is reported only after both pipes are drained") {
  test::on_each_engine([] {
    const Completed completed = test::run_shell(
        "(setsid sh -c 'sleep 0.05; head -c 300000 /dev/zero; echo late >&2' &); exit 3", kPatient);
    CHECK(completed.end.exit_status == 3);
    CHECK(completed.output.size() == 300000);
    CHECK(completed.error == "late\n");
    CHECK_FALSE(completed.was_held);
  });
}

TEST_CASE("what was written before the exit is returned, however busy the loop is") {
  test::on_each_loop([](engine::EventLoop& loop) {
    bool has_ended = false;
    REQUIRE(loop.spawn("busy", [&] {
      while (!has_ended) {
        std::this_thread::sleep_for(milliseconds(15));
        yield();
      }
    }));
    const Completed completed =
        test::run_shell("echo said; setsid sleep 1000 & exit 0", {.quiet = milliseconds(10)});
    has_ended = true;
    CHECK(completed.output == "said\n");
    CHECK(completed.was_held);
  });
}

TEST_CASE("a background child in a session of its own that holds the pipe is killed afterwards") {
  test::on_each_engine([] {
    test::Witness witness;
    const auto completed = run_to_end(
        test::launcher(),
        test::shell("exec 3>$1; setsid sleep 1000 & echo said; exit 0", {witness.path()}),
        {.quiet = milliseconds(10)});
    REQUIRE(completed);
    CHECK(completed->output == "said\n");
    CHECK(completed->was_held);
    CHECK(witness.wait_for_end().empty());
  });
}

TEST_CASE("a real program that takes too long, or writes too much, is killed") {
  test::on_each_engine([] {
    const auto late =
        run_to_end(test::launcher(), test::shell("sleep 1000"), {.timeout = milliseconds(50)});
    CHECK(test::kind_of(late) == "timed_out");
    CHECK(late.error().message() == "cannot run sh: timed out");
    const auto loud = run_to_end(test::launcher(), {.arguments = {"yes"}}, {.output_max = 1000});
    CHECK(test::kind_of(loud) == "too_large");
    CHECK(loud.error().message() == "cannot run yes: it wrote more than 1000 bytes");
  });
}

TEST_CASE("the output of a tree that was killed from outside does not count as complete") {
  const auto reset = make_error(ErrorKind::reset, "wait for a program", {},
                                "its supervising process (keeper) died");
  for (const bool has_ended : {true, false}) {
    Plot plot{.finish = fail(reset)};
    plot.outputs[0].push_back({milliseconds(100), "begun"});
    for (auto& output : plot.outputs) {
      if (has_ended) output.push_back({milliseconds(200), ""});
    }
    const Told told = tell(plot);
    CHECK(test::kind_of(told.completed) == "reset");
  }
}

}  // namespace hotline::run_to_end_test
