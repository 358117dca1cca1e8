#include "hotline/engine/fault_plan.h"

#include <algorithm>
#include <numeric>

#include "engine/simulated/chance.h"

namespace hotline {
namespace {

struct Kind {
  std::string_view name;
  std::uint32_t per_million_max;  ///< The highest probability that the plan of a seed may choose.
};

// In the order of Fault. Faults that end a connection are rarer; otherwise they would hide all
// others.
constexpr std::array<Kind, kFaultKinds> kKinds{{
    {"short_read", 500'000},
    {"short_write", 500'000},
    {"delay", 200'000},
    {"datagram_loss", 200'000},
    {"datagram_duplication", 200'000},
    {"datagram_reordering", 300'000},
    {"datagram_corruption", 100'000},
    {"stream_reset", 20'000},
    {"half_close", 10'000},
    {"stall", 10'000},
    {"connect_refused", 100'000},
    {"connect_timeout", 30'000},
    {"accept_failure", 200'000},
    {"no_buffer_space", 20'000},
    {"no_memory", 5'000},
    {"partition", 3'000},
    {"clock_step", 20'000},
    {"process_death", 0},
    {"process_stop", 0},
    {"early_wake", 2'000},
    {"accept_outage", 0},
    {"short_file_call", 500'000},
    {"file_interruption", 200'000},
    {"disk_delay", 10'000},
    {"disk_full", 10'000},
    {"sync_failure", 20'000},
    {"disk_corruption", 0},
}};

// A world draws from the seed itself, so the salt keeps its first draws independent of the plan.
constexpr std::uint64_t kSalt = 0x9E3779B97F4A7C15;

}  // namespace

std::string_view name_of(Fault fault) { return kKinds[static_cast<std::size_t>(fault)].name; }

std::uint64_t FaultCounts::total() const {
  return std::accumulate(of.begin(), of.end(), std::uint64_t{0});
}

FaultCounts& FaultCounts::operator+=(const FaultCounts& other) {
  for (std::size_t i = 0; i < kFaultKinds; ++i) of[i] += other.of[i];
  return *this;
}

std::string FaultCounts::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    if (of[i] == 0) continue;
    text.append(text.empty() ? "" : ", ").append(kKinds[i].name);
    text.append(" ").append(std::to_string(of[i]));
  }
  return text;
}

FaultPlan FaultPlan::of_seed(std::uint64_t seed) {
  engine::Chance chance(seed ^ kSalt);
  FaultPlan plan;
  // One seed in eight has a world without faults, where every call must succeed.
  if (chance.below(8) == 0) return plan;
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    const bool is_chosen = chance.below(2) == 0;
    const auto most = static_cast<std::uint32_t>(chance.below(kKinds[i].per_million_max + 1ULL));
    if (is_chosen) plan.per_million_[i] = most;
  }
  return plan;
}

FaultPlan& FaultPlan::set(Fault fault, std::uint32_t per_million) {
  per_million_[static_cast<std::size_t>(fault)] = std::min(per_million, 1'000'000U);
  return *this;
}

}  // namespace hotline
