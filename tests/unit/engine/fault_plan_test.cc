#include "hotline/engine/fault_plan.h"

#include <set>

#include <doctest/doctest.h>

namespace hotline::fault_plan_test {
namespace {

Fault fault_at(std::size_t index) { return static_cast<Fault>(index); }

bool is_quiet(const FaultPlan& plan) {
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    if (plan.per_million(fault_at(i)) != 0) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every fault has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFaultKinds; ++i) names.insert(name_of(fault_at(i)));
  CHECK(names.size() == kFaultKinds);
  CHECK_FALSE(names.contains(""));
  CHECK(name_of(Fault::short_read) == "short_read");
  CHECK(name_of(Fault::stream_reset) == "stream_reset");
  CHECK(name_of(Fault::process_death) == "process_death");
}

TEST_CASE("a plan has no faults until some are set") {
  FaultPlan plan;
  CHECK(is_quiet(plan));
  plan.set(Fault::delay, 250'000).set(Fault::stall, 1);
  CHECK(plan.per_million(Fault::delay) == 250'000);
  CHECK(plan.per_million(Fault::stall) == 1);
  CHECK(plan.per_million(Fault::short_read) == 0);
  plan.set(Fault::delay, 0).set(Fault::stall, 0);
  CHECK(is_quiet(plan));
}

TEST_CASE("no probability exceeds certainty") {
  CHECK(FaultPlan().set(Fault::delay, 1'000'000).per_million(Fault::delay) == 1'000'000);
  CHECK(FaultPlan().set(Fault::delay, 1'000'001).per_million(Fault::delay) == 1'000'000);
  CHECK(FaultPlan().set(Fault::delay, ~0U).per_million(Fault::delay) == 1'000'000);
}

TEST_CASE("a seed decides the plan, the same every time") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const FaultPlan one = FaultPlan::of_seed(seed);
    const FaultPlan other = FaultPlan::of_seed(seed);
    for (std::size_t i = 0; i < kFaultKinds; ++i) {
      CHECK(one.per_million(fault_at(i)) == other.per_million(fault_at(i)));
    }
  }
}

TEST_CASE("over many seeds each fault occurs and is absent, and some worlds have none") {
  constexpr int kSeeds = 400;
  std::array<int, kFaultKinds> with{};
  int quiet = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const FaultPlan plan = FaultPlan::of_seed(seed);
    quiet += is_quiet(plan) ? 1 : 0;
    for (std::size_t i = 0; i < kFaultKinds; ++i) {
      with[i] += plan.per_million(fault_at(i)) != 0 ? 1 : 0;
    }
  }
  CHECK(quiet > kSeeds / 16);
  CHECK(quiet < kSeeds / 4);
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    INFO(std::string(name_of(fault_at(i))));
    if (fault_at(i) == Fault::process_death || fault_at(i) == Fault::process_stop ||
        fault_at(i) == Fault::accept_outage || fault_at(i) == Fault::disk_corruption) {
      CHECK(with[i] == 0);
      continue;
    }
    CHECK(with[i] > kSeeds / 4);
    CHECK(with[i] < kSeeds * 3 / 4);
  }
}

TEST_CASE("counts add up, and those above 0 are listed by name") {
  FaultCounts counts;
  CHECK(counts.total() == 0);
  CHECK(counts.to_string().empty());
  counts[Fault::stream_reset] = 3;
  counts[Fault::delay] = 17;
  CHECK(counts.to_string() == "delay 17, stream_reset 3");
  FaultCounts more;
  more[Fault::delay] = 1;
  more[Fault::process_death] = 2;
  more += counts;
  CHECK(more.total() == 23);
  CHECK(more.to_string() == "delay 18, stream_reset 3, process_death 2");
}

}  // namespace hotline::fault_plan_test
