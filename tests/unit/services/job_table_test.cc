#include "services/job_table.h"

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"

namespace hotline::services::job_table_test {
namespace {

std::shared_ptr<Job> job_of(std::string owner, std::byte number) {
  RemoteCommand command{.program = CommandWords{{"true"}}};
  command.key = RunKey{number};
  auto job = Job::make({.id = JobId{{number}},
                        .owner = std::move(owner),
                        .command = std::move(command),
                        .keep = std::chrono::seconds(1)},
                       {});
  REQUIRE(job);
  return *job;
}

/// A process that ends at once.
class Ended final : public Process {
  Result<std::size_t> read_some(OutputStream, MutableBytes) override { return 0; }
  Result<ProcessEnd> wait() override { return ProcessEnd{.exit_status = 0}; }
  void kill() override {}
};

std::shared_ptr<Job> started(std::string owner, std::byte number) {
  auto job = job_of(std::move(owner), number);
  job->prepare(std::make_unique<Ended>(), {});
  return job;
}

std::shared_ptr<Job> ended(std::string owner, std::byte number) {
  auto job = started(std::move(owner), number);
  job->run([](const CommandExit&) {});
  REQUIRE(job->exit());
  return job;
}

TEST_CASE("a caller finds its own jobs by id and key, and no others") {
  JobTable table(10, 10);
  const auto of_alice = started("alice", std::byte{1});
  const auto of_bob = started("bob", std::byte{2});
  table.add(of_alice);
  table.add(of_bob);
  CHECK(table.find("alice", JobId{{std::byte{1}}}) == of_alice);
  CHECK(table.find("alice", RunKey{std::byte{1}}) == of_alice);
  CHECK(table.find("alice", JobId{{std::byte{2}}}) == nullptr);
  CHECK(table.find("alice", RunKey{std::byte{2}}) == nullptr);
  CHECK(table.find("carol", JobId{{std::byte{1}}}) == nullptr);
  CHECK(table.of("bob").size() == 1);
  CHECK(table.of("carol").empty());
}

TEST_CASE("jobs are listed in the order in which they were started, and removed") {
  JobTable table(10, 10);
  const auto first = started("alice", std::byte{1});
  const auto second = started("alice", std::byte{2});
  table.add(first);
  table.add(second);
  CHECK(table.of("alice") == std::vector{first, second});
  table.remove(*first);
  CHECK(table.of("alice") == std::vector{second});
  CHECK(table.find("alice", JobId{{std::byte{1}}}) == nullptr);
}

TEST_CASE("a job that has not been started is found by its key only") {
  JobTable table(10, 10);
  const auto job = job_of("alice", std::byte{1});
  table.add(job);
  CHECK(table.find("alice", RunKey{std::byte{1}}) == job);
  CHECK(table.find("alice", JobId{{std::byte{1}}}) == nullptr);
  CHECK(table.of("alice").empty());
}

TEST_CASE("while all jobs run there is no room beyond the limit, nor beyond a caller's share") {
  JobTable table(3, 2);
  table.add(job_of("alice", std::byte{1}));
  CHECK(table.full_limit("alice") == std::nullopt);
  const auto second = started("alice", std::byte{2});
  table.add(second);
  CHECK(table.full_limit("alice") == FullLimit::of_each);
  CHECK(table.full_limit("bob") == std::nullopt);
  table.add(started("bob", std::byte{3}));
  CHECK(table.full_limit("bob") == FullLimit::of_all);
  CHECK(table.running_count() == 3);
  table.remove(*second);
  CHECK(table.full_limit("bob") == std::nullopt);
  CHECK(table.running_count() == 2);
}

TEST_CASE("a job that has ended makes room: an own one first, and no other for one's share") {
  JobTable table(3, 2);
  const auto of_bob = ended("bob", std::byte{1});
  const auto first = ended("alice", std::byte{2});
  const auto second = ended("alice", std::byte{3});
  for (const auto& each : {of_bob, first, second}) table.add(each);
  CHECK(table.running_count() == 0);
  CHECK(table.full_limit("alice") == std::nullopt);
  const auto third = started("alice", std::byte{4});
  table.add(third);
  table.give_up_excess("alice");
  CHECK(table.of("alice") == std::vector{second, third});
  CHECK(table.of("bob") == std::vector{of_bob});
  CHECK(table.full_limit("carol") == std::nullopt);
  table.add(started("carol", std::byte{5}));
  table.give_up_excess("carol");
  CHECK(table.of("bob").empty());
  CHECK(table.of("alice").size() == 2);
  table.remove(*second);
  table.add(started("alice", std::byte{6}));
  table.add(ended("bob", std::byte{7}));
  CHECK(table.full_limit("alice") == FullLimit::of_each);
  CHECK(table.of("bob").size() == 1);
}

TEST_CASE("a job that has not been started gives no other one up") {
  JobTable table(1, 1);
  const auto first = ended("alice", std::byte{1});
  table.add(first);
  table.add(job_of("alice", std::byte{2}));
  table.give_up_excess("alice");
  CHECK(table.of("alice") == std::vector{first});
  // It will take the place of the one that has ended.
  CHECK(table.full_limit("alice") == FullLimit::of_each);
}

TEST_CASE("jobs that have ended are given up when their time is over, or all at once") {
  JobTable table(10, 10);
  const Instant begun = now();
  const auto running = started("alice", std::byte{1});
  const auto first = ended("alice", std::byte{2});
  for (const auto& each : {running, first}) table.add(each);
  CHECK_FALSE(table.give_up_expired(begun).has_passed(begun + std::chrono::seconds(1) -
                                                      std::chrono::nanoseconds(1)));
  CHECK(table.of("alice").size() == 2);
  CHECK(table.give_up_expired(now() + std::chrono::seconds(2)) == Deadline::never());
  CHECK(table.of("alice") == std::vector{running});
  table.add(first);
  table.give_up_ended();
  CHECK(table.of("alice") == std::vector{running});
}

}  // namespace
}  // namespace hotline::services::job_table_test
