#include "services/job_start.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched.h"
#include "support/loops.h"

namespace hotline::services::job_start_test {
namespace {

using test::kind_of;

/// A service whose only place for a command is taken by a job that is to be started.
struct Starting {
  explicit Starting(std::vector<std::string> words) {
    options.commands_max = 1;
    options.audit = [this](const CommandRecord& record) { recorded.push_back(record.exit); };
    service.emplace(test::launcher(), options);
    job = Job::make({.id = {},
                     .owner = "alice",
                     .command = {.program = CommandWords{std::move(words)}},
                     .keep = std::chrono::seconds(60)},
                    {})
              .value();
    start.emplace(RemoteCall{*service, "alice", "key:alice", "tcp://192.0.2.1:5"}, job,
                  std::move(*service->places.take("alice")), CommandBounds{});
  }

  bool has_place() { return service->places.take("bob").has_value(); }
  bool is_listed() { return !service->jobs.of("alice").empty(); }

  RemoteCommandsOptions options;
  std::vector<CommandExit> recorded;
  std::optional<RemoteService> service;
  std::shared_ptr<Job> job;
  std::optional<JobStart> start;
};

TEST_CASE("a job that has ended is listed and recorded, and its place is free") {
  test::on_each_loop([](engine::EventLoop&) {
    Starting starting({"sh", "-c", "exit 3"});
    CHECK_FALSE(starting.is_listed());
    CHECK_FALSE(starting.has_place());
    starting.start->run();
    starting.start.reset();
    CHECK(starting.job->wait_started());
    CHECK(starting.job->exit().value().value == 3);
    CHECK(starting.is_listed());
    CHECK(starting.has_place());
    REQUIRE(starting.recorded.size() == 1);
    CHECK(starting.recorded[0].value == 3);
  });
}

TEST_CASE("a job that the system does not start is recorded and gone, with the reason") {
  test::on_each_loop([](engine::EventLoop&) {
    Starting starting({"no-such-program-here"});
    starting.start->run();
    starting.start.reset();
    CHECK(kind_of(starting.job->wait_started()) == "not_found");
    CHECK_FALSE(starting.job->exit());
    CHECK_FALSE(starting.is_listed());
    CHECK(starting.has_place());
    REQUIRE(starting.recorded.size() == 1);
    CHECK(starting.recorded[0].kind == ExitKind::could_not_start);
    CHECK(starting.recorded[0].text == starting.job->start_failure().value().message());
  });
}

TEST_CASE("a job that nothing runs is recorded and gone too") {
  test::on_each_loop([](engine::EventLoop&) {
    Starting starting({"true"});
    starting.start.reset();
    CHECK(kind_of(starting.job->wait_started()) == "draining");
    CHECK(starting.has_place());
    CHECK(starting.recorded.size() == 1);
    CHECK(starting.service->jobs.full_limit("alice") == std::nullopt);
  });
}

}  // namespace
}  // namespace hotline::services::job_start_test
