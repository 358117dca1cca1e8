#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "cli/histogram.h"
#include "hotline/core/deadline.h"

namespace hotline::cli {

/// What has come of a load in one of its seconds.
struct BenchSecond {
  Histogram latencies{};
  std::uint64_t bytes = 0;
  std::uint64_t faults = 0;

  void add(const BenchSecond& other) {
    latencies.add(other.latencies);
    bytes += other.bytes;
    faults += other.faults;
  }
};

/// Collects the seconds of all loops. Any thread.
class BenchProgress {
 public:
  void add(const BenchSecond& second) {
    const std::lock_guard lock(mutex_);
    collected_.add(second);
  }

  /// Returns what was added since the last call.
  BenchSecond take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(collected_, {});
  }

 private:
  std::mutex mutex_;
  BenchSecond collected_;
};

/// Returns one line on the second that ended after `elapsed`, of a load whose warm-up takes
/// `warm_up`.
std::string progress_line(const BenchSecond& second, Duration elapsed, Duration warm_up);

}  // namespace hotline::cli
