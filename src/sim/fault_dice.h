#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/simulated/chance.h"
#include "hotline/sim/fault_proxy.h"

namespace hotline::sim {

/// What everything that goes through one proxy has in common. One thread.
struct ProxyFaults {
  FaultProxyOptions options;
  FaultCounts counts{};
  Instant heals{};  ///< Until then nothing goes through.
};

/// The choices for one direction of one caller: its own, so that they do not depend on what the
/// others do meanwhile. `number` tells them apart.
class FaultDice {
 public:
  FaultDice(ProxyFaults& faults, std::uint64_t number);

  /// Whether `fault` strikes at this opportunity; counted if it does. Where it cannot do anything
  /// it never strikes, but the choice is made, so that the next are the same.
  bool strikes(Fault fault, bool is_possible = true);

  /// From 0 to `count` - 1; `count` is at least 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(chance_.below(count)); }

  /// Part of `size`: from 1 to `size` - 1, or all of it if it is 1.
  std::size_t part_of(std::size_t size) { return size <= 1 ? size : 1 + below(size - 1); }

  /// Waits for as long as delay and stall say. False: cancelled.
  bool wait_late();
  bool wait_delayed();

  /// May begin a partition; is there one now?
  bool is_parted();

  /// Waits until no partition is left. False: cancelled.
  bool wait_healed();

 private:
  Duration length_of(Fault fault, Duration longest);

  ProxyFaults& faults_;
  engine::Chance chance_;
};

}  // namespace hotline::sim
