#include "services/job_table.h"

#include <doctest/doctest.h>

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

TEST_CASE("a caller finds its own jobs by id and key, and no others") {
  JobTable table(10);
  const auto of_alice = job_of("alice", std::byte{1});
  const auto of_bob = job_of("bob", std::byte{2});
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
  JobTable table(10);
  const auto first = job_of("alice", std::byte{1});
  const auto second = job_of("alice", std::byte{2});
  table.add(first);
  table.add(second);
  CHECK(table.of("alice") == std::vector{first, second});
  table.remove(*first);
  CHECK(table.of("alice") == std::vector{second});
  CHECK(table.find("alice", JobId{{std::byte{1}}}) == nullptr);
}

TEST_CASE("a table is full with as many jobs as it may have") {
  JobTable table(1);
  CHECK_FALSE(table.is_full());
  const auto job = job_of("alice", std::byte{1});
  table.add(job);
  CHECK(table.is_full());
  table.remove(*job);
  CHECK_FALSE(table.is_full());
}

}  // namespace
}  // namespace hotline::services::job_table_test
