#pragma once

#include <cstdint>
#include <string>

#include "histogram.h"
#include "options.h"
#include "server_probe.h"

namespace bench {

// The time a run lasts and what happened in it. Messages answered during the warm-up are forgotten.
class Measurement {
 public:
  explicit Measurement(const Options& options);

  // The warm-up begins.
  void start();

  // False once the measured time is over. To be asked once a turn of the loop.
  bool running(Nanoseconds now);

  void answered(Nanoseconds now, Nanoseconds latency, std::uint64_t count) {
    last_answer_ = now;
    if (phase_ != Phase::kOver) latencies_.record(latency, count);
  }

  void lost() { ++lost_; }

  // Throws Failure if nothing has been answered for kSilenceMax.
  void check_silence(Nanoseconds now) const;

  // The result, one JSON object on one line. REQUIRES: running() has returned false.
  std::string to_json(const char* mode) const;

 private:
  enum class Phase { kWarmUp, kMeasured, kOver };

  struct Snapshot {
    Nanoseconds time = 0;
    Nanoseconds server_cpu = 0;
    Nanoseconds own_cpu = 0;
  };

  Snapshot snapshot() const;

  ServerProbe server_;
  Nanoseconds warmup_;
  Nanoseconds length_;
  Phase phase_ = Phase::kWarmUp;
  Nanoseconds phase_end_ = 0;
  Nanoseconds last_answer_ = 0;
  Histogram latencies_;
  std::uint64_t lost_ = 0;
  Snapshot before_;
  Snapshot after_;
  std::uint64_t resident_ = 0;
};

}  // namespace bench
