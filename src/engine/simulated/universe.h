#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/simulated/chance.h"
#include "engine/simulated/event_queue.h"
#include "engine/simulated/site.h"
#include "engine/simulated/trace.h"
#include "hotline/engine/fault_plan.h"

namespace hotline::engine {

/// What everything in a simulated world has in common: its time, its chance, its faults, its trace.
/// One thread.
struct Universe {
  Universe(std::uint64_t seed_given, FaultPlan faults, Trace::Sink sink)
      : seed(seed_given), chance(seed), plan(faults), trace(std::move(sink)) {}

  /// Whether `fault` strikes at this opportunity; counted and traced if it does.
  bool strikes(Fault fault, std::string_view host);

  void after(Duration delay, EventQueue::Action action) {
    events.plan(now + delay, std::move(action));
  }
  Duration elapsed() const { return now - kBeginning; }

  /// One thing that must never be.
  void report_broken(std::string what) { broken.push_back(std::move(what)); }

  /// Something is broken after which nothing can go on: says what, and the seed, and aborts.
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

  std::string name;
  unsigned number = 0;
  std::vector<Ip> addresses;  ///< The first is what it sends from.
  std::map<std::string, PathEntry> paths;
  std::size_t descriptors_max = 1024;  ///< Of each program.
  Duration wall_clock_offset{};        ///< Against true time,
  std::int64_t drift_per_million = 0;  ///< and how it changes.
};

}  // namespace hotline::engine
