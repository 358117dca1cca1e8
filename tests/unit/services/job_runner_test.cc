#include "services/job_runner.h"

#include <csignal>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/loops.h"
#include "support/served_jobs.h"

namespace hotline::services::job_runner_test {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::attach_to;
using test::forget_all;
using test::kept;
using test::RemoteRun;
using test::run_remote;
using test::served;
using test::Served;

/// Says when it is destroyed.
struct Witnessed {
  explicit Witnessed(bool& gone) : is_gone(gone) {}
  Witnessed(const Witnessed&) = delete;
  Witnessed& operator=(const Witnessed&) = delete;
  ~Witnessed() { is_gone = true; }
  bool& is_gone;
};

TEST_CASE("what is started before the task begins is run by it, and a drain waits for it") {
  test::on_each_loop([](engine::EventLoop&) {
    JobTable table(1, 1);
    JobRunner runner(table);
    bool has_run = false;
    runner.start([&] { has_run = sleep_for(10ms).has_value(); });
    TaskGroup task;
    REQUIRE(task.spawn("task", [&] { runner.run(); }));
    bool has_begun = false;
    runner.start([&] { has_begun = true; });
    while (!has_begun) REQUIRE(sleep_for(1ms));
    task.drain();
    REQUIRE(task.join());
    CHECK(has_run);
  });
}

TEST_CASE("after a drain nothing is run, until the task is run again") {
  test::on_each_loop([](engine::EventLoop&) {
    JobTable table(1, 1);
    JobRunner runner(table);
    for (int i = 0; i < 2; ++i) {
      TaskGroup task;
      REQUIRE(task.spawn("task", [&] { runner.run(); }));
      bool has_begun = false;
      // The task may not have begun again yet.
      while (!has_begun) {
        runner.start([&] { has_begun = true; });
        REQUIRE(sleep_for(1ms));
      }
      task.drain();
      REQUIRE(task.join());
      bool is_gone = false;
      bool has_run = false;
      runner.start([&, witnessed = std::make_unique<Witnessed>(is_gone)] { has_run = true; });
      CHECK(is_gone);
      CHECK_FALSE(has_run);
    }
  });
}

TEST_CASE("a task on a thread without a loop runs jobs too") {
  JobTable table(1, 1);
  JobRunner runner(table);
  TaskGroup task;
  bool has_run = false;
  runner.start([&] {
    has_run = true;
    task.drain();
  });
  // The group runs a loop of its own inside join().
  REQUIRE(task.spawn("task", [&] { runner.run(); }));
  REQUIRE(task.join());
  CHECK(has_run);
}

TEST_CASE("a call ends with its connection, and its job goes on and is kept") {
  served([](Served& server) {
    RemoteRun running(*server.client, kept("printf x; read line; exit 4"));
    REQUIRE(running.read(1) == "x");
    RemoteRun ended(*server.client, kept("printf 123; exit 5"));
    CHECK(ended.finish().exit.value().value == 5);
    const AttachRequest later = attach_to(ended);
    server.client.reset();
    REQUIRE(server.fibers.join());
    server.failure.clear();  // The connection was dropped.
    server.client = server.connect();
    const auto result = run_remote(*server.client, later);
    CHECK(result.output == "123");
    CHECK(result.exit.value().value == 5);
    CHECK(ask(*server.client, ListRequest{}).size() == 2);
    forget_all(server);
  });
}

TEST_CASE("a job that has ended is given up when its time without a client is over") {
  served([](Served& server) {
    RemoteRun attached(*server.client, kept("printf x; exit 5", 30ms));
    CHECK(attached.finish().exit.value().value == 5);
    while (!ask(*server.client, ListRequest{}).empty()) REQUIRE(sleep_for(1ms));
    CHECK(run_remote(*server.client, attach_to(attached)).refusal);
  });
}

TEST_CASE("a draining server waits for jobs that run, gives up the others, and starts none") {
  test::on_each_loop([](engine::EventLoop&) {
    test::Witness witness;
    Served server;
    RemoteRun ended(*server.client, kept("exit 5"));
    CHECK(ended.finish().exit);
    RemoteRun going(*server.client, kept("exec 9>" + witness.path() +
                                         "; trap 'exit 6' USR1; echo in >&9; "
                                         "while :; do sleep 0.01; done"));
    REQUIRE(going.wait_accepted());
    CHECK(witness.wait_for_line() == "in");
    server.jobs.drain();
    // The task gives them up only when the last one has ended.
    while (true) {
      const auto refused = run_remote(*server.client, kept("true"));
      if (!refused.refusal) continue;
      CHECK(command_refusal(refused.refusal->code) == CommandRefusal::draining);
      break;
    }
    ask(*server.client, SignalRequest{going.answer().job, SIGUSR1});
    CHECK(going.finish().exit.value().value == 6);
    REQUIRE(server.jobs.join());
    CHECK(ask(*server.client, ListRequest{}).empty());
    server.finish();
  });
}

}  // namespace
}  // namespace hotline::services::job_runner_test
