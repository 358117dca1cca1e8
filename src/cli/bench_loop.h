#pragma once

#include <cstddef>

#include "cli/bench_gate.h"
#include "cli/bench_plan.h"
#include "cli/bench_progress.h"
#include "cli/bench_tally.h"
#include "hotline/core/result.h"
#include "hotline/engine/event.h"
#include "hotline/engine/task_group.h"

namespace hotline::cli {

/// The connections of a load that run on one event loop: those whose numbers are equal modulo the
/// number of loops.
class BenchLoop {
 public:
  /// `plan`, `gate` and `progress` must outlive this object. `progress`, which may be null, gets
  /// each second of the load.
  BenchLoop(const BenchPlan& plan, std::size_t index, BenchGate& gate, BenchProgress* progress)
      : plan_(plan), index_(index), gate_(gate), progress_(progress) {}

  /// Runs all connections to their ends. On a thread without a loop it makes one; on a fiber it
  /// uses the loop of that. Fails if there is no memory or descriptor for it, and with `cancelled`
  /// if its fiber is cancelled. Call it once.
  Result<void> run();

  /// Ends all connections early. Any thread, at any time.
  void cancel() { cancelled_.set(); }

  /// What the connections have counted, after run().
  const BenchTally& tally() const { return tally_; }

 private:
  template <typename Connection>
  Result<void> run_all();
  void show_seconds();

  const BenchPlan& plan_;
  std::size_t index_;
  BenchGate& gate_;
  BenchProgress* progress_;
  Event cancelled_;
  BenchTally tally_;
};

}  // namespace hotline::cli
