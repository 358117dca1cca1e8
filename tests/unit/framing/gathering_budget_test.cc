#include "framing/gathering_budget.h"

#include <vector>

#include <doctest/doctest.h>

#include "framing/gathering.h"

namespace hotline::framing::gathering_budget_test {
namespace {

constexpr std::size_t kKibibyte = 1024;

std::vector<std::byte> bytes(std::size_t count) { return std::vector<std::byte>(count); }

}  // namespace

TEST_CASE("small messages may take the whole budget, and not a byte more") {
  GatheringBudget budget(100);
  budget.take(60, 60);
  budget.take(40, 40);
  CHECK(budget.taken_bytes() == 100);
  CHECK_THROWS_AS(budget.take(1, 1), GatheringBudget::Exhausted);
  CHECK(budget.taken_bytes() == 100);
  budget.give_back(60);
  CHECK_NOTHROW(budget.take(60, 60));
}

TEST_CASE("a large message may take three quarters of the budget") {
  GatheringBudget budget(400 * kKibibyte);
  CHECK_NOTHROW(budget.take(300 * kKibibyte, 300 * kKibibyte));
  CHECK_THROWS_AS(budget.take(1, 65 * kKibibyte), GatheringBudget::Exhausted);
  CHECK_NOTHROW(budget.take(64 * kKibibyte, 64 * kKibibyte));
}

TEST_CASE("a gathering takes its memory from the budget, and returns it at its end") {
  GatheringBudget budget(1000 * kKibibyte);
  {
    Gathering gathering(&budget);
    CHECK(budget.taken_bytes() == 0);
    gathering.append(bytes(1000), 0);
    CHECK(budget.taken_bytes() >= 1000);
    gathering.append(bytes(100 * kKibibyte), 0);
    CHECK(budget.taken_bytes() >= 101'000);
    gathering.clear();
    CHECK(budget.taken_bytes() == 0);
    gathering.append(bytes(10), 0);
    CHECK(budget.taken_bytes() > 0);
  }
  CHECK(budget.taken_bytes() == 0);
}

TEST_CASE("a gathering that finds no room keeps its bytes") {
  GatheringBudget budget(kKibibyte);
  Gathering gathering(&budget);
  gathering.append(bytes(600), 0);
  const std::size_t taken = budget.taken_bytes();
  CHECK_THROWS_AS(gathering.append(bytes(2 * kKibibyte), 0), GatheringBudget::Exhausted);
  CHECK_THROWS_AS(gathering.make_room_for(100 * kKibibyte), GatheringBudget::Exhausted);
  CHECK(gathering.size() == 600);
  CHECK(budget.taken_bytes() == taken);
}

}  // namespace hotline::framing::gathering_budget_test
