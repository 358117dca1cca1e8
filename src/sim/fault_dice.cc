#include "sim/fault_dice.h"

#include <algorithm>

#include "hotline/engine/clock.h"

namespace hotline::sim {
namespace {

// The bits of the golden ratio, so that neighbouring seeds do not share the choices of neighbouring
// numbers.
constexpr std::uint64_t kSeedStep = 0x9E3779B97F4A7C15;

bool wait_for(Duration duration) { return duration == Duration(0) || sleep_for(duration); }

}  // namespace

FaultDice::FaultDice(ProxyFaults& faults, std::uint64_t number)
    : faults_(faults), chance_(faults.options.seed * kSeedStep + number) {}

bool FaultDice::strikes(Fault fault, bool is_possible) {
  const bool is_hit = chance_.strikes(faults_.options.faults.per_million(fault));
  if (!is_hit || !is_possible) return false;
  ++faults_.counts[fault];
  return true;
}

Duration FaultDice::length_of(Fault fault, Duration longest) {
  return strikes(fault) ? chance_.between(Duration(0), longest) : Duration(0);
}

bool FaultDice::wait_delayed() {
  return wait_for(length_of(Fault::delay, faults_.options.delay_max));
}

bool FaultDice::wait_late() {
  const Duration delay = length_of(Fault::delay, faults_.options.delay_max);
  return wait_for(delay + length_of(Fault::stall, faults_.options.stall_max));
}

bool FaultDice::is_parted() {
  const Instant here = now();
  const Duration parted = length_of(Fault::partition, faults_.options.partition_max);
  faults_.heals = std::max(faults_.heals, here + parted);
  return faults_.heals > here;
}

bool FaultDice::wait_healed() {
  if (!is_parted()) return true;
  // Another partition may begin in the meantime.
  while (faults_.heals > now()) {
    if (!sleep_until(Deadline::at(faults_.heals))) return false;
  }
  return true;
}

}  // namespace hotline::sim
