#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "simulation/challenge_scenario.h"
#include "simulation/command_scenario.h"
#include "simulation/files_power_scenario.h"
#include "simulation/files_scenario.h"
#include "simulation/framed_scenario.h"
#include "simulation/ntp_scenario.h"
#include "simulation/primitives_scenario.h"
#include "simulation/remote_scenario.h"
#include "simulation/session_scenario.h"
#include "simulation/time_scenario.h"
#include "simulation/tls_scenario.h"
#include "simulation/upper_scenario.h"

// simulate FIRST COUNT: runs every scenario with each of the seeds, and prints one line at the end;
// for tools/simulate_long.

namespace {

using simulation::Findings;

constexpr Findings (*kScenarios[])(std::uint64_t) = {
    simulation::call_upper,
    simulation::send_upper,
    simulation::survive_deaths,
    simulation::survive_stops,
    simulation::use_primitives,
    simulation::call_framed,
    simulation::run_commands,
    simulation::run_remote_commands,
    simulation::call_challenged,
    simulation::tell_time,
    simulation::ask_for_offset,
    simulation::use_sessions,
    simulation::transfer_files,
    simulation::survive_power_cuts,
    [](std::uint64_t seed) { return simulation::call_over_tls(seed); }};

/// Returns false if anything is wrong with the seed.
bool run_seed(std::uint64_t seed, hotline::FaultCounts& faults, hotline::Duration& simulated) {
  for (const auto scenario : kScenarios) {
    const Findings found = scenario(seed);
    faults += found.faults;
    simulated += found.simulated;
    if (found.wrong.empty()) continue;
    std::fprintf(stderr, "%sreplay: SEED=%llu\n", found.wrong.c_str(),
                 static_cast<unsigned long long>(seed));
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: simulate FIRST COUNT\n");
    return 2;
  }
  const std::uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  hotline::FaultCounts faults;
  hotline::Duration simulated{};
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    if (!run_seed(seed, faults, simulated)) return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      "{\"first\":%llu,\"count\":%llu,\"faults\":%llu,\"simulated_s\":%.0f,\"took_s\":%.2f}\n",
      static_cast<unsigned long long>(first), static_cast<unsigned long long>(count),
      static_cast<unsigned long long>(faults.total()),
      std::chrono::duration<double>(simulated).count(), took.count());
  return 0;
}
