#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/simulated/chance.h"
#include "hotline/sim/fault_proxy.h"

namespace hotline::sim {

/// What all traffic through one proxy shares. One thread.
struct ProxyFaults {
  FaultProxyOptions options;
  FaultCounts counts{};
  Instant heals{};  ///< The end of the partition: nothing is forwarded before it.
};

/// The choices for one direction of one caller. They are separate for each `number`, so that they
/// do not depend on what others do.
class FaultDice {
 public:
  FaultDice(ProxyFaults& faults, std::uint64_t number);

  /// Returns true if `fault` occurs at this opportunity; then counts it. If it is not possible it
  /// never occurs, but the choice is drawn, so that later ones stay the same.
  bool strikes(Fault fault, bool is_possible = true);

  /// Returns a number from 0 to `count` - 1; `count` must be at least 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(chance_.below(count)); }

  /// Returns a part of `size`: from 1 to `size` - 1, or 1 if it is 1.
  std::size_t part_of(std::size_t size) { return size <= 1 ? size : 1 + below(size - 1); }

  /// Waits as long as delay and stall require. Returns false if cancelled.
  bool wait_late();
  bool wait_delayed();

  /// May begin a partition. Returns true if there is one now.
  bool is_parted();

  /// Waits until no partition is left. Returns false if cancelled.
  bool wait_healed();

 private:
  Duration length_of(Fault fault, Duration longest);

  ProxyFaults& faults_;
  engine::Chance chance_;
};

}  // namespace hotline::sim
