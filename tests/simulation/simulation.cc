#include "simulation/simulation.h"

#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace simulation {

using hotline::Fault;
using hotline::FaultPlan;

std::string upper_cased(std::string text) {
  for (char& each : text) {
    if (each >= 'a' && each <= 'z') each = static_cast<char>(each - 'a' + 'A');
  }
  return text;
}

hotline::sim::WorldOptions options_of(std::uint64_t seed) {
  constexpr std::size_t kWindows[] = {64 * 1024, 4096, 512, 256 * 1024};
  constexpr std::size_t kBuffers[] = {2048, 256, 64 * 1024, 16};
  hotline::sim::WorldOptions options;
  options.faults = FaultPlan::of_seed(seed);
  // The numbers of windows and of latencies have no common factor, so that every pair occurs.
  options.stream_window_bytes = kWindows[seed / 3 % std::size(kWindows)];
  options.loop.receive_buffer_bytes = kBuffers[seed / 5 % std::size(kBuffers)];
  options.loop.receive_memory_max = 64 * *options.loop.receive_buffer_bytes;
  if (std::getenv("TRACE") != nullptr) {
    options.trace = [](std::string_view line) {
      std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
    };
  }
  return options;
}

Findings findings_of(const hotline::sim::Outcome& outcome, std::string wrong) {
  return {outcome.to_string() + std::move(wrong), outcome.faults, outcome.simulated,
          outcome.trace_hash};
}

bool is_quiet(const FaultPlan& plan) {
  for (std::size_t i = 0; i < hotline::kFaultKinds; ++i) {
    if (plan.per_million(static_cast<Fault>(i)) > 0) return false;
  }
  return true;
}

/// No program of the scenarios that ask uses a disk.
bool is_of_disk(Fault fault) {
  return fault == Fault::short_file_call || fault == Fault::file_interruption ||
         fault == Fault::disk_delay || fault == Fault::disk_full || fault == Fault::sync_failure;
}

bool is_bearable(const FaultPlan& plan) {
  for (std::size_t i = 0; i < hotline::kFaultKinds; ++i) {
    const auto fault = static_cast<Fault>(i);
    const bool is_borne = fault == Fault::short_read || fault == Fault::short_write ||
                          fault == Fault::delay || fault == Fault::clock_step || is_of_disk(fault);
    if (!is_borne && plan.per_million(fault) > 0) return false;
  }
  return true;
}

}  // namespace simulation
