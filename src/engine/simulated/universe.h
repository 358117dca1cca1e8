#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/simulated/chance.h"
#include "engine/simulated/event_queue.h"
#include "engine/simulated/site.h"
#include "engine/simulated/trace.h"
#include "hotline/engine/clock_status.h"
#include "hotline/engine/fault_plan.h"

namespace hotline::engine {

using WallTime = std::chrono::system_clock::time_point;

class DiskTree;
struct SimulatedHost;

/// What all parts of a simulated world share: time, randomness, faults and trace. One thread.
struct Universe {
  Universe(std::uint64_t seed_given, FaultPlan faults, Trace::Sink sink)
      : seed(seed_given), chance(seed), plan(faults), trace(std::move(sink)) {}

  /// Returns true if `fault` occurs at this opportunity; then counts and traces it.
  bool strikes(Fault fault, std::string_view host);

  void after(Duration delay, EventQueue::Action action) {
    events.plan(now + delay, std::move(action));
  }
  Duration elapsed() const { return now - kBeginning; }

  /// Returns what the wall clock of `host` shows now. Each look is an opportunity for it to be
  /// stepped.
  WallTime wall_clock(SimulatedHost& host);

  /// Reports that an invariant does not hold.
  void report_broken(std::string what) { broken.push_back(std::move(what)); }

  /// For a failure after which the run cannot go on: prints `what` and the seed, and aborts.
  [[noreturn]] void die(std::string_view what) const;

  static constexpr Instant kBeginning = Instant(std::chrono::hours(24));

  std::uint64_t seed;
  Chance chance;
  FaultPlan plan;
  FaultCounts counts;
  Trace trace;
  EventQueue events;
  Instant now = kBeginning;
  std::vector<std::string> broken;  ///< Invariants that did not hold.
};

/// A machine in a simulated world.
struct SimulatedHost {
  /// What a path names.
  struct PathEntry {
    std::uint64_t inode = 0;
    unsigned mode = 0;
  };

  bool has(const Ip& ip) const;

  /// Returns how far its clock drifts in that time.
  Duration drift(Duration elapsed) const;

  std::string name;
  unsigned number = 0;
  std::vector<Ip> addresses;  ///< The first is the source address of what it sends.
  std::map<std::string, PathEntry> paths;
  std::shared_ptr<DiskTree> tree{};    ///< Made on first use.
  std::size_t descriptors_max = 1024;  ///< For each program.
  Duration wall_clock_offset{};        ///< The difference from true time,
  std::int64_t drift_per_million = 0;  ///< and its rate of change.
  ClockStatus clock_status{};          ///< What the time daemon of the machine would have set.
};

}  // namespace hotline::engine
