#include "services/job.h"

#include <csignal>
#include <string>
#include <vector>

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
    REQUIRE(fibers.spawn("job", [this] { job->run([this](const CommandExit&) { ++exits; }); }));
  }

  int exits = 0;  ///< Calls of its on_exit.
  std::shared_ptr<Job> job;
  TaskGroup fibers;
};

void on_each_loop(const std::function<void()>& body) {
  test::on_each_loop([&](engine::EventLoop&) { body(); });
}

TEST_CASE("a job that has ended needs no fiber, and can still be asked for its end") {
  on_each_loop([] {
    Running running("printf abc; exit 5");
    REQUIRE(running.fibers.join());
    CHECK(running.job->wait_exit().value().value == 5);
    CHECK(running.job->wait_exit().value().value == 5);
    const JobEntry entry = running.job->entry();
    CHECK(entry.output_bytes == 3);
    CHECK(entry.exit.value().value == 5);
    CHECK_FALSE(entry.is_attached);
    CHECK(entry.kept_until.value() > wall_clock_now());
    CHECK(running.exits == 1);
    CHECK(kind_of(running.job->send_signal(SIGTERM)) == "closed");
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
    const Instant begun = now();
    Running running("sleep 60", 50ms);
    CHECK(running.job->wait_exit().value().kind == ExitKind::cancelled);
    CHECK_FALSE(running.job->kept_until().has_passed(begun + 100ms - 1ns));
    REQUIRE(running.fibers.join());
  });
}

TEST_CASE("who waits for the start of a job gets the reason if it cannot be started") {
  on_each_loop([] {
    const auto job =
        Job::make({.id = {}, .owner = "alice", .command = {}, .keep = 60s}, {}).value();
    CHECK_FALSE(job->has_started());
    TaskGroup waiting;
    std::vector<std::string> ends;
    for (int i = 0; i < 2; ++i) {
      REQUIRE(waiting.spawn("waiting", [&] { ends.push_back(kind_of(job->wait_started())); }));
    }
    job->note_start_failure(make_error(ErrorKind::not_found, "start", {}, "no such program"));
    REQUIRE(waiting.join());
    CHECK(ends == std::vector<std::string>{"not_found", "not_found"});
    CHECK(job->start_failure().value().detail == "no such program");
    CHECK_FALSE(job->has_started());
  });
}

TEST_CASE("a job sets its event when it ends") {
  on_each_loop([] {
    Event changes;
    const auto job =
        Job::make({.id = {}, .owner = {}, .command = {}, .keep = 60s, .changes = &changes}, {})
            .value();
    job->prepare(test::launcher().launch(test::shell("exit 0")).value(), {});
    CHECK(job->wait_started());
    CHECK_FALSE(changes.take());
    job->run([](const CommandExit&) {});
    CHECK(changes.take());
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

TEST_CASE("a drain lets a job run to its end, and a cut kills it") {
  on_each_loop([] {
    Running going("sleep 0.05; exit 8");
    going.fibers.drain();
    REQUIRE(going.fibers.join());
    CHECK(going.job->exit().value().value == 8);
    Running cut("sleep 60");
    cut.fibers.cancel();
    REQUIRE(cut.fibers.join());
    CHECK(cut.job->exit().value().kind == ExitKind::server_ended);
  });
}

}  // namespace
}  // namespace hotline::services::job_test
