#include "services/job.h"

#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/launched.h"

namespace hotline::services::job_test {
namespace {

using namespace std::chrono_literals;
using test::kind_of;

/// A job that runs on the loop of the test.
struct Running {
  explicit Running(std::string script, Duration keep = 60s,
                   CommandInput input = CommandInput::none) {
    RemoteCommand command{.program = ShellLine{script}};
    command.input = input;
    job = Job::make({.id = {}, .owner = "alice", .command = command, .keep = keep}, {}).value();
    LaunchOptions launch = test::shell(std::move(script));
    if (input == CommandInput::stream) launch.input = ProcessInput::pipe;
    job->prepare(test::launcher().launch(launch).value(), {});
    REQUIRE(fibers.spawn("job", [this] { job->run([this] { ++exits; }); }));
  }

  int exits = 0;  ///< Calls of its on_exit.
  std::shared_ptr<Job> job;
  TaskGroup fibers;
};

void on_each_loop(const std::function<void()>& body) {
  test::on_each_loop([&](engine::EventLoop&) { body(); });
}

TEST_CASE("a job that has ended is kept until it is forgotten") {
  on_each_loop([] {
    Running running("printf abc; exit 5");
    CHECK(running.job->wait_exit().value().value == 5);
    CHECK(running.job->wait_exit().value().value == 5);
    const JobEntry entry = running.job->entry();
    CHECK(entry.output_bytes == 3);
    CHECK(entry.exit.value().value == 5);
    CHECK_FALSE(entry.is_attached);
    CHECK(entry.kept_until.value() > wall_clock_now());
    CHECK(running.exits == 1);
    CHECK(kind_of(running.job->send_signal(SIGTERM)) == "closed");
    running.job->forget();
    REQUIRE(running.fibers.join());
    CHECK(running.job->digest(OutputStream::standard_output).size() == 3);
  });
}

TEST_CASE("a job that is forgotten while it runs is killed") {
  on_each_loop([] {
    Running running("sleep 60");
    CHECK_FALSE(running.job->exit());
    running.job->forget();
    REQUIRE(running.fibers.join());
    CHECK(running.job->exit().value().kind == ExitKind::cancelled);
  });
}

TEST_CASE("a job is killed after its time without a client, and its end kept for as long again") {
  on_each_loop([] {
    Running running("sleep 60", 50ms);
    CHECK(running.job->wait_exit().value().kind == ExitKind::cancelled);
    // It is still there, and goes by itself.
    CHECK(running.fibers.size() == 1);
    REQUIRE(running.fibers.join());
  });
}

TEST_CASE("a job gets signals, cancels and input") {
  on_each_loop([] {
    Running signalled("trap 'exit 6' USR1; echo ready; while :; do sleep 0.01; done");
    auto reader = signalled.job->output(OutputStream::standard_output).attach(0).value().value();
    CHECK(signalled.job->output(OutputStream::standard_output).read(reader, 9).value() ==
          "ready\n");
    REQUIRE(signalled.job->send_signal(SIGUSR1));
    CHECK(signalled.job->wait_exit().value().value == 6);
    signalled.job->forget();
    Running cancelled("sleep 60");
    REQUIRE(cancelled.job->control(CancelMessage{}));
    CHECK(cancelled.job->wait_exit().value().kind == ExitKind::cancelled);
    cancelled.job->forget();
    Running fed("cat; exit 7", 60s, CommandInput::stream);
    OutputDigest digest;
    digest.add(as_bytes("input"));
    const JobInput::Writer writer = fed.job->input().attach();
    REQUIRE(fed.job->input().write(writer, as_bytes("input"), digest));
    fed.job->input().end(writer);
    CHECK(fed.job->wait_exit().value().value == 7);
    CHECK(fed.job->output(OutputStream::standard_output).end_offset() == 5);
    fed.job->forget();
  });
}

TEST_CASE("a drain ends a job that has ended, and lets another one run") {
  on_each_loop([] {
    Running ended("exit 0");
    REQUIRE(ended.job->wait_exit());
    ended.fibers.drain();
    REQUIRE(ended.fibers.join());
    Running going("sleep 0.05; exit 8");
    going.fibers.drain();
    REQUIRE(going.fibers.join());
    CHECK(going.job->exit().value().value == 8);
  });
}

}  // namespace
}  // namespace hotline::services::job_test
