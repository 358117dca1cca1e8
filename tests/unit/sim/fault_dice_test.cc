#include "sim/fault_dice.h"

#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"

namespace hotline::sim::fault_dice_test {
namespace {

ProxyFaults faults_of(Fault fault, std::uint32_t per_million, std::uint64_t seed = 1) {
  ProxyFaults faults{.options = {.seed = seed}};
  faults.options.faults.set(fault, per_million);
  return faults;
}

/// Returns which of a hundred pieces are hit.
std::vector<bool> hits(std::uint64_t seed, std::uint64_t number) {
  ProxyFaults faults = faults_of(Fault::delay, 500'000, seed);
  FaultDice dice(faults, number);
  std::vector<bool> hit;
  for (int i = 0; i < 100; ++i) hit.push_back(dice.strikes(Fault::delay));
  return hit;
}

}  // namespace

TEST_CASE("faults are counted in one place for all dice of a proxy") {
  ProxyFaults faults = faults_of(Fault::stall, 1'000'000);
  FaultDice one(faults, 0);
  FaultDice other(faults, 1);
  CHECK(one.strikes(Fault::stall));
  CHECK(other.strikes(Fault::stall));
  CHECK_FALSE(one.strikes(Fault::delay));
  CHECK(faults.counts.to_string() == "stall 2");
}

TEST_CASE("an impossible fault does not occur, and does not change later choices") {
  ProxyFaults faults = faults_of(Fault::delay, 500'000);
  FaultDice with(faults, 0);
  FaultDice without(faults, 0);
  for (int i = 0; i < 100; ++i) {
    const bool is_hit = with.strikes(Fault::delay);
    const std::uint64_t counted = faults.counts.total();
    CHECK_FALSE(without.strikes(Fault::delay, false));
    CHECK(faults.counts.total() == counted);
    CHECK(with.below(1000) == without.below(1000));
    if (is_hit) CHECK(counted > 0);
  }
}

TEST_CASE("choices depend only on the seed and on the number") {
  CHECK(hits(3, 4) == hits(3, 4));
  CHECK(hits(3, 4) != hits(3, 5));
  CHECK(hits(3, 4) != hits(4, 4));
}

TEST_CASE("a part is never empty, and less than the whole unless that is a byte") {
  ProxyFaults faults;
  FaultDice dice(faults, 0);
  for (int i = 0; i < 1000; ++i) {
    const std::size_t part = dice.part_of(3);
    CHECK(part >= 1);
    CHECK(part <= 2);
  }
  CHECK(dice.part_of(1) == 1);
}

TEST_CASE("without a partition there is no wait for its end") {
  ProxyFaults faults;
  FaultDice dice(faults, 0);
  CHECK_FALSE(dice.is_parted());
  CHECK(dice.wait_healed());
  CHECK(dice.wait_late());
  CHECK(dice.wait_delayed());
}

TEST_CASE("a partition that one begins stops all, until it heals") {
  ProxyFaults faults = faults_of(Fault::partition, 1'000'000);
  FaultDice one(faults, 0);
  while (!one.is_parted()) {
  }
  faults.options.faults.set(Fault::partition, 0);
  FaultDice other(faults, 1);
  CHECK(other.is_parted());
  CHECK(other.wait_healed());
  CHECK(now() >= faults.heals);
  CHECK_FALSE(one.is_parted());
}

}  // namespace hotline::sim::fault_dice_test
