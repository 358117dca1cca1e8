#pragma once

#include <optional>
#include <string>

#include "cli/bench_plan.h"
#include "cli/bench_tally.h"
#include "cli/exit_status.h"
#include "cli/json_line.h"
#include "hotline/core/deadline.h"
#include "hotline/core/result.h"

namespace hotline::cli {

/// What came of a load.
struct BenchResult {
  BenchTally tally{};
  Duration elapsed{};  ///< How much of the time that is measured has passed.
  bool is_interrupted = false;

  /// Makes it of what all loops have counted, for a load that ended at `end`. Nullopt as `times`:
  /// it ended before its first message.
  static BenchResult of(const BenchPlan& plan, const std::optional<BenchTimes>& times,
                        BenchTally tally, Instant end);

  /// Returns how many messages a second were answered.
  double rate() const { return per_second(tally.in_time); }

  double per_second(std::uint64_t count) const;

  /// Returns the latencies, and the bounds of those that are longer than was waited.
  Histogram with_bounds() const;

  /// Returns true if there was a connection, or a reply.
  bool has_begun() const { return tally.connects.total() + tally.latencies.total() > 0; }
};

/// Returns it for people, in lines.
std::string bench_text_of(const BenchResult& result, const BenchPlan& plan);

/// Returns it as a JSON object. Times are in nanoseconds.
JsonLine bench_json_of(const BenchResult& result, const BenchPlan& plan);

/// Returns the Error that sums up its faults; succeeds if there are none.
Result<void> judge_bench(const BenchResult& result, const BenchPlan& plan);

/// Returns the exit status of that Error.
ExitStatus status_of_bench(const BenchResult& result);

}  // namespace hotline::cli
