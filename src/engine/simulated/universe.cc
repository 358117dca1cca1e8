#include "engine/simulated/universe.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hotline::engine {
namespace {

constexpr Duration kStepMax = std::chrono::hours(1);

// 2026-01-01 00:00:00 UTC, the true time at which a world begins.
constexpr WallTime kEpoch{std::chrono::seconds(1'767'225'600)};

}  // namespace

bool Universe::strikes(Fault fault, std::string_view host) {
  if (!chance.strikes(plan.per_million(fault))) return false;
  ++counts[fault];
  trace.note(elapsed(), host, name_of(fault), static_cast<std::int64_t>(counts[fault]));
  return true;
}

WallTime Universe::wall_clock(SimulatedHost& host) {
  if (strikes(Fault::clock_step, host.name)) {
    host.wall_clock_offset += chance.between(-kStepMax, kStepMax);
  }
  return kEpoch + elapsed() + host.drift(elapsed()) + host.wall_clock_offset;
}

void Universe::die(std::string_view what) const {
  std::fprintf(stderr, "%.*s\nreplay: SEED=%llu\n", static_cast<int>(what.size()), what.data(),
               static_cast<unsigned long long>(seed));
  std::abort();
}

Duration SimulatedHost::drift(Duration elapsed) const {
  // In two parts, because the product of all nanoseconds of a week would overflow.
  constexpr std::int64_t kMillion = 1'000'000;
  return elapsed / kMillion * drift_per_million + elapsed % kMillion * drift_per_million / kMillion;
}

bool SimulatedHost::has(const Ip& ip) const {
  return std::ranges::find(addresses, ip) != addresses.end();
}

}  // namespace hotline::engine
